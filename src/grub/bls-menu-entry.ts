import { BootwrightError } from '../errors.ts';
import type { BlsEntry } from './bls-entry.ts';
import { blsWords, type Resolve } from './bls-words.ts';
import { type Medium, placeOnMedium } from './medium.ts';
import { quoted } from './quote.ts';

interface Surroundings {
  readonly resolve: Resolve;
  readonly medium: Medium | undefined;
  /** The configuration has a function of that name, which loads the drivers of the screen. */
  readonly hasLoadVideo: boolean;
}

const keyword = /^--?\w/;

/** `loader/entries/x.conf` and the paths in it are on the file system that the machine boots from: mostly `/boot`. */
function pathOf(word: string, entry: BlsEntry, medium: Medium | undefined): string {
  const path = `/${word.replace(/^\([^()]*\)/, '').replace(/^\/+/, '')}`;
  const found = medium === undefined ? undefined : placeOnMedium(path, medium);
  if (found !== undefined) return found;
  const belowBoot = entry.path.replace(/^\/+/, '').startsWith('boot/');
  return belowBoot && !path.startsWith('/boot/') ? `/boot${path}` : path;
}

/** Initrds of GRUB's own that the environment block names come first, from the folder of the entry's. */
function initrdsOf(entry: BlsEntry, resolve: Resolve): string[] {
  const own = entry.initrds.flatMap((value) => blsWords(value, resolve));
  const folder = (own[0] ?? entry.linux).replace(/[^/]*$/, '');
  const early = blsWords(resolve('early_initrd'), resolve).map((name) => folder + name);
  return [...early, ...own];
}

/** What stands between `menuentry` and `{`. A title that looks like an option stands behind `--`. */
function heading(entry: BlsEntry, resolve: Resolve): string[] {
  const users = entry.users === undefined ? [] : blsWords(entry.users, resolve);
  const words = entry.classes.flatMap((name) => ['--class', name]);
  if (entry.hotkey !== undefined) words.push(`--hotkey=${entry.hotkey}`);
  words.push(...(users.length > 0 ? [`--users=${users.join(',')}`] : ['--unrestricted']), '--id', entry.id);
  // Of options only `--unrestricted` is ever meant here, and `--source` would be a script.
  const given = entry.grubArguments.filter((argument) => !keyword.test(argument));
  const title =
    keyword.test(entry.title) || given.some((argument) => argument.startsWith('-'))
      ? ['--', entry.title]
      : [entry.title];
  return [...words, ...title, ...given];
}

/**
 * The menu entry that GRUB's blscfg makes of a boot loader entry. Every word is quoted, so that nothing in it is read
 * as a command.
 *
 * @throws BLS_ENTRY_UNUSABLE
 */
export function blsMenuEntry(entry: BlsEntry, { resolve, medium, hasLoadVideo }: Surroundings): string {
  const path = (word: string) => pathOf(word, entry, medium);
  const [linux] = blsWords(entry.linux, resolve);
  if (linux === undefined)
    throw new BootwrightError('BLS_ENTRY_UNUSABLE', { path: entry.path, reason: '`linux` is empty' });
  const options = blsWords(entry.options ?? resolve('default_kernelopts'), resolve);
  const initrds = initrdsOf(entry, resolve);
  const tree = blsWords(entry.devicetree ?? '', resolve);
  const body = [
    ...(hasLoadVideo ? [['load_video'], ['set', 'gfxpayload=keep'], ['insmod', 'gzio']] : []),
    ['linux', path(linux), ...options],
    ...(initrds.length > 0 ? [['initrd', ...initrds.map(path)]] : []),
    ...(tree.length > 0 ? [['devicetree', ...tree.map(path)]] : []),
  ];
  try {
    const line = (words: readonly string[]) => words.map(quoted).join(' ');
    return [`menuentry ${line(heading(entry, resolve))} {`, ...body.map((words) => `\t${line(words)}`), '}'].join('\n');
  } catch (error) {
    // From an environment block; the entry itself was looked at.
    if (!(error instanceof BootwrightError)) throw error;
    throw new BootwrightError('BLS_ENTRY_UNUSABLE', {
      path: entry.path,
      reason: 'a variable in it holds a control character',
    });
  }
}
