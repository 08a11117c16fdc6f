import { BootwrightError } from '../errors.ts';
import { compareVersions } from './version-order.ts';

/** A file of the Boot Loader Specification. */
export interface BlsFile {
  /** On the image, such as `loader/entries/x.conf` or `boot/loader/entries/x.conf`. */
  readonly path: string;
  readonly text: string;
}

/** What a file says, its values as they are written. https://uapi-group.org/specifications/specs/boot_loader_specification/ */
export interface BlsEntry {
  readonly path: string;
  /** The name of the file without `.conf`; `saved_entry` names it. */
  readonly id: string;
  readonly title: string;
  readonly linux: string;
  readonly initrds: readonly string[];
  /** All lines of it, joined; undefined if there is none. */
  readonly options: string | undefined;
  readonly devicetree: string | undefined;
  /** What only GRUB knows. */
  readonly users: string | undefined;
  readonly hotkey: string | undefined;
  readonly classes: readonly string[];
  readonly grubArguments: readonly string[];
}

/** A file that makes no entry in the menu, and why. */
export interface SkippedBlsFile {
  readonly path: string;
  readonly reason: 'no kernel' | 'unified kernel image' | 'rescue' | 'other architecture' | 'same name';
}

export type Architecture = 'x64' | 'arm64';

/** Characters. A file has a handful of lines. */
const largest = 64 * 1024;
const most = 1000;
const control = /(?!\t)\p{Cc}/u;
const architectures = new Map<string, Architecture>([
  ['x64', 'x64'],
  ['aa64', 'arm64'],
]);

/** Lines of a key, white space and a value; `#` starts a comment. A key may stand there several times. */
function fieldsOf({ path, text }: BlsFile): (key: string) => readonly string[] {
  if (text.length > largest) {
    throw new BootwrightError('BLS_ENTRY_UNUSABLE', { path, reason: `it is larger than ${largest} bytes` });
  }
  const fields = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+)\s+(.+)$/.exec(line.trim()) ?? [];
    if (key === undefined || value === undefined || key.startsWith('#')) continue;
    if (control.test(value)) {
      throw new BootwrightError('BLS_ENTRY_UNUSABLE', { path, reason: `\`${key}\` holds a control character` });
    }
    const values = fields.get(key);
    if (values === undefined) fields.set(key, [value]);
    else values.push(value);
  }
  return (key) => fields.get(key) ?? [];
}

/** An entry that starts the installed system from the kernel that was there first, with an initramfs for any machine. */
function isRescue(id: string, title: string, version: string): boolean {
  return /(?:^|-)0-rescue(?:-|$)/.test(id) || version.startsWith('0-rescue') || /rescue/i.test(title);
}

function read(file: BlsFile, architecture: Architecture | undefined): BlsEntry | SkippedBlsFile['reason'] {
  const values = fieldsOf(file);
  const [linux] = values('linux');
  if (linux === undefined) {
    return ['efi', 'uki', 'uki-url'].some((key) => values(key).length > 0) ? 'unified kernel image' : 'no kernel';
  }
  const id = file.path.replace(/^.*\//, '').replace(/\.conf$/, '');
  const [title = linux] = values('title');
  if (isRescue(id, title, values('version')[0] ?? '')) return 'rescue';
  const [said] = values('architecture');
  if (architecture !== undefined && said !== undefined && architectures.get(said.toLowerCase()) !== architecture) {
    return 'other architecture';
  }
  const options = values('options');
  return {
    path: file.path,
    id,
    title,
    linux,
    initrds: values('initrd'),
    options: options.length === 0 ? undefined : options.join(' '),
    devicetree: values('devicetree')[0],
    users: values('grub_users')[0],
    hotkey: values('grub_hotkey')[0],
    classes: values('grub_class'),
    grubArguments: values('grub_arg'),
  };
}

/** Name, version and release of what a file's name says, as of a package: `<machine>-<version>-<release>`. */
function nameParts(id: string): readonly string[] {
  const found = /^(.*)-([^-]*)-([^-]*)$/s.exec(id) ?? /^(.*)-([^-]*)$/s.exec(id);
  const [, name = id, version = '', release = ''] = found ?? [];
  return [name, version, release];
}

function compareIds(a: string, b: string): number {
  const right = nameParts(b);
  for (const [at, part] of nameParts(a).entries()) {
    const order = compareVersions(part, right[at] ?? '');
    if (order !== 0) return order;
  }
  // Names that mean the same must still have an order of their own.
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Reads the entries that belong in a menu, newest kernel first, as GRUB's blscfg sorts them: by the names of their
 * files. Only `.conf` files count; of two with the same name the first one given does.
 *
 * @throws BLS_ENTRY_UNUSABLE
 */
export function blsEntries(
  files: readonly BlsFile[],
  architecture?: Architecture,
): { readonly entries: readonly BlsEntry[]; readonly skipped: readonly SkippedBlsFile[] } {
  const entries = new Map<string, BlsEntry>();
  const skipped: SkippedBlsFile[] = [];
  const named = files.filter(({ path }) => /[^/]\.conf$/.test(path) && !/(?:^|\/)\.[^/]*$/.test(path));
  const [beyond] = named.slice(most);
  if (beyond !== undefined) {
    throw new BootwrightError('BLS_ENTRY_UNUSABLE', {
      path: beyond.path,
      reason: `there are more than ${most} of them`,
    });
  }
  for (const file of named) {
    const found = read(file, architecture);
    if (typeof found === 'string') skipped.push({ path: file.path, reason: found });
    else if (entries.has(found.id)) skipped.push({ path: file.path, reason: 'same name' });
    else entries.set(found.id, found);
  }
  return { entries: [...entries.values()].sort((a, b) => compareIds(b.id, a.id)), skipped };
}
