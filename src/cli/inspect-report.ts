import { styleText } from 'node:util';
import { formatBytes, onOneLine } from '../format.ts';
import type { Facts, Report } from '../inspect/report.ts';

const indent = 13;
/** Longer lines are hard to read. */
const widest = 100;
const maxEntries = 5;
const kinds = { iso: 'ISO', tree: 'folder', release: 'release' } as const;

/** A row of the page: its name, and a text in lines that the terminal holds. */
function row(name: string, text: string): void {
  const columns = Math.min(process.stdout.columns ?? 80, widest);
  let line = name.padEnd(indent);
  for (const word of onOneLine(text).split(' ')) {
    if (line.length > indent && line.length + 1 + word.length > columns) {
      console.log(line);
      line = ' '.repeat(indent);
    }
    line += line.length > indent ? ` ${word}` : word;
  }
  console.log(line.trimEnd());
}

function list(words: readonly (string | null | undefined)[]): string {
  return words.filter((word) => word).join(', ');
}

/** Prints facts and findings on one page for a person: what it is, what boots, and what to do. */
export function printReport({ facts, findings }: Report): void {
  printFacts(facts);
  console.log('');
  for (const { severity, problem, remedy, code } of findings) {
    row(severity === 'error' ? 'Error' : 'Warning', `${problem}.`);
    row('', remedy);
    row('', `(${code})`);
  }
  if (findings.length > 0) console.log('');
  console.log(verdictOf(findings));
}

function verdictOf(findings: Report['findings']): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  const of = (count: number, what: string) => (count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`);
  const counts = list([of(errors, 'error'), of(warnings, 'warning')]);
  if (errors > 0) return `${styleText('red', 'A machine would not boot this:')} ${counts}.`;
  if (warnings > 0) return `${styleText('green', 'A machine should boot this;')} ${counts}.`;
  return `${styleText('green', 'A machine should boot this:')} nothing was found that stands in its way.`;
}

function printFacts(facts: Facts): void {
  const { image, system, architecture, initramfs, url } = facts;
  const size = image.sizeBytes === null ? undefined : formatBytes(image.sizeBytes);
  row('Image', list([image.name, kinds[image.kind], size, image.label && `label ${image.label}`]));
  row('System', list([system && `${system.name} ${system.version ?? ''}`.trim(), architecture]) || 'unknown');
  row(
    'Initramfs',
    initramfs === 'bootstrap' ? `bootstrap: it fetches ${facts.rootFile}` : 'full-os: it is the whole system',
  );
  console.log('');
  printMenu(facts);
  for (const each of facts.initrds) row('Initrd', initrdOf(each));
  row('Loaders', loadersOf(facts));
  console.log('');
  row('Secure Boot', facts.secureBoot.sentence);
  if (facts.memory !== null) row('Memory', memoryOf(facts.memory));
  if (url !== null) row('URL', urlOf(url));
}

function printMenu({ menu, programs }: Facts): void {
  if (menu === null || menu.entries.length === 0) {
    row('Boots', menu === null ? 'nothing: there is no configuration of GRUB' : 'nothing: its menu has no kernel');
    return;
  }
  const entries = [...menu.entries].sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
  for (const [index, { title, kernel, isDefault }] of entries.slice(0, maxEntries).entries()) {
    const version = programs.find(({ path }) => path === kernel.replace(/^\//, ''))?.version;
    const after =
      menu.timeoutSeconds === null || menu.timeoutSeconds < 0 ? 'by itself' : `after ${menu.timeoutSeconds} s`;
    row(
      index === 0 ? 'Boots' : '',
      list([title || 'no title', version && `Linux ${version}`, isDefault && entries.length > 1 ? after : '']),
    );
  }
  if (entries.length > maxEntries) row('', `and ${entries.length - maxEntries} more`);
}

function initrdOf({ path, sizeBytes, dracut, network, compression }: Facts['initrds'][number]): string {
  const maker = dracut === null ? 'not made by dracut' : `dracut ${dracut.version ?? '(version unknown)'}`;
  return list([path, `${formatBytes(sizeBytes)} (${[...new Set(compression)].join(', ')})`, maker, ...network]);
}

function loadersOf({ programs, grub }: Facts): string {
  const names = { shim: 'shim', grub: 'GRUB', other: 'a loader', kernel: '' } as const;
  const loaders = programs.filter(({ role }) => role !== 'kernel');
  const ways = ['http', 'tftp']
    .filter((module) => grub?.modules.includes(module))
    .map((module) => module.toUpperCase());
  const fetches = ways.length === 0 ? undefined : `fetches by ${ways.join(' and ')}`;
  const looks = grub?.prefix ? `looks in ${grub.prefix}` : undefined;
  const does = [fetches, looks].filter((each) => each !== undefined).join(' and ');
  const named = list(loaders.map(({ role, version }) => `${names[role]} ${version ?? ''}`.trim())) || 'none';
  return does === '' ? named : `${named}; GRUB ${does}`;
}

function memoryOf({ neededBytes, parts }: NonNullable<Facts['memory']>): string {
  const shares = parts.map(({ what, sizeBytes }) => `${what} ${formatBytes(sizeBytes)}`);
  return `at least ${formatBytes(neededBytes)}: ${shares.join(', ')}`;
}

function urlOf({ url, status, sizeBytes, ranges }: NonNullable<Facts['url']>): string {
  if (status === null) return `${url}: no answer`;
  const size = sizeBytes === null ? undefined : formatBytes(sizeBytes);
  return `${url}: ${list([`status ${status}`, size, ranges ? 'in parts, too' : undefined])}`;
}
