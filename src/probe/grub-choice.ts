import { BootwrightError, hasCode } from '../errors.ts';
import { type Command, commands } from '../grub/commands.ts';
import { type BootEntry, type BootMenu, bootMenu } from '../grub/entries.ts';
import { releaseVariable, withoutPrologue } from '../grub/release-device.ts';
import { tokenize } from '../grub/tokenize.ts';
import type { GrubImage } from '../iso/grub-image.ts';

/** What GRUB boots when nobody touches a key. Files are URLs: `http://host:port/path` or `tftp://host/path`. */
export interface GrubChoice {
  readonly title: string;
  readonly kernel: string;
  readonly initrds: readonly string[];
  readonly arguments: readonly string[];
  /** What stands behind `root=live:`. */
  readonly liveRoot: string | undefined;
  readonly timeoutSeconds: number | undefined;
}

/** The GRUB that reads a configuration, and from where. */
interface Reader {
  readonly grub: GrubImage | undefined;
  /** The TFTP server that it was loaded from. */
  readonly server: string;
  /** Of the configuration, for errors. */
  readonly path: string;
}

/** GRUB's name of a server, in front of a path. */
const device = /\((http|tftp)(?:,([^()\s'"]*))?\)(?=["']?[/$])/g;
const setsTimeout = /(?:^|[\s;])timeout=/m;
const setsSuperusers = /(?:^|[\s;])superusers=(?!""|''|\s|;|$)/m;

/** The release that a rendered configuration is for. */
export function renderedFor(text: string): string | undefined {
  return /^# Bootwright release (\S+)$/m.exec(text)?.[1];
}

/**
 * Decides as GRUB would. Throws PROBE_CONFIG_WRONG, PROBE_NOTHING_TO_BOOT, PROBE_MENU_WAITS and
 * PROBE_GRUB_WITHOUT_HTTP, each where a machine would stop.
 */
export function chooseAsGrub(text: string, reader: Reader): GrubChoice {
  const { path } = reader;
  const script = specialise(text, reader);
  const { menu, all } = parse(script, path);
  const entry = menu.defaultEntry;
  if (entry === undefined) throw new BootwrightError('PROBE_NOTHING_TO_BOOT', { path });
  const reason = whyItWaits(script, menu, entry, all);
  if (reason !== undefined) throw new BootwrightError('PROBE_MENU_WAITS', { path, reason });
  const locate = (file: string) => locateFile(file, reader);
  return {
    title: entry.title,
    kernel: locate(entry.kernel),
    initrds: entry.initrds.map(locate),
    arguments: entry.arguments,
    liveRoot: entry.liveRoot,
    timeoutSeconds: menu.timeoutSeconds,
  };
}

/** True: `insmod http` succeeds. A memory disk, as grub-mkstandalone makes it, brings every module along. */
function hasHttp(grub: GrubImage | undefined): boolean {
  return grub !== undefined && (grub.modules.includes('http') || startsWithModules(grub));
}

function startsWithModules({ hasMemoryDisk, prefix }: GrubImage): boolean {
  return hasMemoryDisk && prefix?.startsWith('(memdisk)') === true;
}

/**
 * The script as this GRUB on this machine runs it, with URLs in place of devices: `bootMenu` leaves those in a path,
 * where it would cut a device off.
 */
function specialise(text: string, { grub, server }: Reader): string {
  const withUrls = text.replace(
    device,
    (_, protocol: string, host: string | undefined) => `${protocol}://${host ? host : server}`,
  );
  const body = withoutPrologue(withUrls);
  const prologue = withUrls.slice(0, withUrls.length - body.length);
  const roots = [...prologue.matchAll(/\bset bootwright=["']?([a-z]+:\/\/[^\s;'"]+)/g)].map((match) => match[1]);
  const wanted = hasHttp(grub) ? 'http:' : 'tftp:';
  const root = roots.find((url) => url?.startsWith(wanted)) ?? roots[0];
  const known = [`set net_default_server=${server}`, ...(root === undefined ? [] : [`set ${releaseVariable}=${root}`])];
  return `${known.join('\n')}\n${body}`;
}

function parse(script: string, path: string): { menu: BootMenu; all: readonly Command[] } {
  try {
    return { menu: bootMenu(script), all: commands(tokenize(script)) };
  } catch (error) {
    if (!hasCode(error, 'GRUB_CONFIG_MALFORMED')) throw error;
    throw new BootwrightError('PROBE_CONFIG_WRONG', { path, reason: error.message }, { cause: error });
  }
}

/** Why the menu would not go on by itself; `undefined`: it does. */
function whyItWaits(
  script: string,
  { timeoutSeconds }: BootMenu,
  { title }: BootEntry,
  all: readonly Command[],
): string | undefined {
  if (title === '') {
    const boots = all.some(({ name, scope }) => name === 'boot' && scope.kind === 'script');
    return boots ? undefined : 'loads a kernel outside of any menu entry and does not say "boot"';
  }
  if (timeoutSeconds === -1) return 'sets timeout=-1';
  if (timeoutSeconds === undefined && !setsTimeout.test(script)) return 'sets no timeout';
  const heading = all.find(({ name, words }) => name === 'menuentry' && words.some((word) => word.text === title));
  const isOpen = heading?.words.some((word) => word.text === '--unrestricted') ?? true;
  return setsSuperusers.test(script) && !isOpen ? 'asks for a password' : undefined;
}

function locateFile(file: string, { grub, server, path }: Reader): string {
  const url = file.startsWith('/') ? `tftp://${server}${file}` : file;
  if (!/^(?:http|tftp):\/\/[^/$]+\/[^$]*$/.test(url)) {
    const reason = `where "${file}" is depends on what only a running GRUB knows`;
    throw new BootwrightError('PROBE_CONFIG_WRONG', { path, reason });
  }
  if (url.startsWith('http:') && !hasHttp(grub)) throw new BootwrightError('PROBE_GRUB_WITHOUT_HTTP', { path, url });
  return url;
}
