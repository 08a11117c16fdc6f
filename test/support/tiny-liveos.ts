import { gzipSync } from 'node:zlib';
import { announcement, attributes, field, name, type TinyFile, tinyIso } from '../iso/tiny-iso.ts';

/** A file (text, bytes, or with permission bits) or a symbolic link of a tiny image. */
type Part = string | Uint8Array | { readonly content: string | Uint8Array; readonly mode: number } | Link;

interface Link {
  readonly link: string;
}

/** Files by their path in the image; `null` takes one away. */
export type Parts = Readonly<Record<string, Part | null>>;

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** A GRUB module, as far as anybody looks: an ELF file of 64 bits with a name in its section `.modname`. */
function moduleOf(moduleName: string): Uint8Array {
  const names = Buffer.from('\0.modname\0');
  const value = Buffer.from(`${moduleName}\0`);
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeBigUInt64LE(64n, 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(2, 60);
  header.writeUInt16LE(0, 62);
  const section = (nameOffset: number, offset: number, size: number) => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(nameOffset, 0);
    bytes.writeBigUInt64LE(BigInt(offset), 24);
    bytes.writeBigUInt64LE(BigInt(size), 32);
    return bytes;
  };
  const at = 64 + 2 * 64;
  const tail = Buffer.concat([names, value]);
  return Buffer.concat([
    header,
    section(0, at, names.length),
    section(1, at + names.length, value.length),
    tail,
    Buffer.alloc(-tail.length & 7),
  ]);
}

/** The section `mods` of a GRUB for 64 bits, with these modules built in. GRUB: include/grub/kernel.h */
function grubSection(modules: readonly string[]): Uint8Array {
  const objects = modules.map((module) => {
    const content = moduleOf(module);
    const header = Buffer.alloc(8);
    header.writeUInt32LE(8 + content.length, 4);
    return Buffer.concat([header, content]);
  });
  const info = Buffer.alloc(24);
  // `mimg`
  info.writeUInt32LE(0x676d696d, 0);
  info.writeBigUInt64LE(24n, 8);
  info.writeBigUInt64LE(BigInt(24 + objects.reduce((sum, { length }) => sum + length, 0)), 16);
  return Buffer.concat([info, ...objects]);
}

const machines = { x64: 0x8664, arm64: 0xaa64 } as const;

/** An EFI program that does nothing; with `modules`, it looks like a GRUB that has them. */
export function tinyLoader(machine: keyof typeof machines, modules?: readonly string[]): Uint8Array {
  const section = modules === undefined ? undefined : grubSection(modules);
  const dos = Buffer.alloc(64);
  dos.write('MZ', 0, 'latin1');
  dos.writeUInt32LE(64, 0x3c);
  const coff = Buffer.alloc(24);
  coff.write('PE\0\0', 0, 'latin1');
  coff.writeUInt16LE(machines[machine], 4);
  coff.writeUInt16LE(section === undefined ? 0 : 1, 6);
  coff.writeUInt16LE(112, 20);
  const optional = Buffer.alloc(112);
  optional.writeUInt16LE(0x20b, 0);
  optional.writeUInt16LE(10, 68);
  if (section === undefined) return Buffer.concat([dos, coff, optional]);
  const header = Buffer.alloc(40);
  header.write('mods', 0, 'latin1');
  header.writeUInt32LE(section.length, 8);
  header.writeUInt32LE(section.length, 16);
  header.writeUInt32LE(64 + 24 + 112 + 40, 20);
  return Buffer.concat([dos, coff, optional, header, section]);
}

function cpioEntry(path: string, mode: number, content: Uint8Array): Uint8Array {
  const fields = [0, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length + 1, 0];
  const head = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}${path}\0`;
  const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  return Buffer.concat([padded(Buffer.from(head)), padded(content)]);
}

/** An initrd of dracut's that holds the list of these modules, compressed by gzip. */
export function tinyInitrd(modules: readonly string[]): Uint8Array {
  const archive = Buffer.concat([
    cpioEntry('usr/lib/dracut/dracut-059-4', 0o100644, Buffer.alloc(0)),
    cpioEntry('usr/lib/dracut/modules.txt', 0o100644, Buffer.from(`${modules.join('\n')}\n`)),
    cpioEntry('TRAILER!!!', 0, Buffer.alloc(0)),
  ]);
  return gzipSync(archive);
}

/** As an image for the network has it: its `root=live:` is still that of whoever built the image. */
export const pxeConfig = `set timeout=0
set default=0

menuentry "Tiny LiveOS" {
  linux /boot/vmlinuz root=live:http://old.example/old.iso rd.live.image ip=dhcp quiet
  initrd /boot/initrd.img
}
`;

/** The configuration for the disc, which the network has no use for. */
export const discConfig = `set timeout=0
search --label CDROM --set root

menuentry "Tiny LiveOS from disc" {
  search --label CDROM --set root
  linux /boot/vmlinuz root=live:LABEL=CDROM rd.live.image quiet
  initrd /boot/initrd.img
}
`;

/** What a LiveOS ISO has in it. */
const liveOs: Parts = {
  'boot/grub2/grub-pxe.cfg': pxeConfig,
  'boot/grub2/grub.cfg': discConfig,
  'boot/grub2/grubenv': '# GRUB Environment Block\n'.padEnd(1024, '#'),
  'boot/initrd.img': tinyInitrd(['base', 'dmsquash-live', 'livenet']),
  'boot/vmlinuz': { content: 'a kernel, in a manner of speaking', mode: 0o755 },
  'EFI/BOOT/BOOTX64.EFI': tinyLoader('x64'),
  'EFI/BOOT/grubx64.efi': tinyLoader('x64', ['normal', 'http', 'tftp']),
  'liveos/rootfs.img': Buffer.alloc(64 * 1024, 'hsqs and the rest of a squashfs. '),
  'artifacts/latest': { link: 'tool.sh' },
  'artifacts/tool.sh': { content: '#!/bin/sh\necho hello\n', mode: 0o750 },
};

function linkField(target: string): Uint8Array {
  const components = target.split('/').flatMap((part, index) => {
    if (part === '' && index === 0) return [Uint8Array.of(0x08, 0)];
    if (part === '.') return [Uint8Array.of(0x02, 0)];
    if (part === '..') return [Uint8Array.of(0x04, 0)];
    return part === '' ? [] : [Buffer.concat([Uint8Array.of(0, part.length), Buffer.from(part)])];
  });
  return field('SL', [0], ...components);
}

function fileOf(part: Part, systemUse: (mode: number) => Uint8Array): Omit<TinyFile, 'identifier'> {
  if (typeof part === 'string' || part instanceof Uint8Array) {
    return { systemUse: systemUse(0o100644), content: bytesOf(part) };
  }
  if ('link' in part) return { systemUse: Buffer.concat([systemUse(0o120777), linkField(part.link)]) };
  return { systemUse: systemUse(0o100000 | part.mode), content: bytesOf(part.content) };
}

type Folder = Map<string, Folder | Part>;

function treeOf(parts: Parts): Folder {
  const root: Folder = new Map();
  for (const [path, part] of Object.entries(parts)) {
    if (part === null) continue;
    const names = path.split('/');
    const last = names.pop() as string;
    let folder = root;
    for (const each of names) {
      const next = folder.get(each);
      const inner: Folder = next instanceof Map ? next : new Map();
      folder.set(each, inner);
      folder = inner;
    }
    folder.set(last, part);
  }
  return root;
}

function filesOf(folder: Folder): TinyFile[] {
  return [...folder].sort().map(([fileName, part], index) => {
    const systemUse = (mode: number) => Buffer.concat([name(fileName), attributes(mode)]);
    const identifier = `F${index};1`;
    if (!(part instanceof Map)) return { identifier, ...fileOf(part, systemUse) };
    return { identifier: `D${index}`, systemUse: systemUse(0o040755), children: filesOf(part) };
  });
}

/**
 * A LiveOS ISO of some 100 KB that passes every check, with its loaders, kernel, initrd and configurations; `changes`
 * are laid over it, and `extra` comes into its root directory as it is. Nothing in it would run.
 */
export function tinyLiveOs(changes: Parts = {}, extra: readonly TinyFile[] = [], bootCatalog?: Uint8Array): Uint8Array {
  return tinyIso({
    children: [...filesOf(treeOf({ ...liveOs, ...changes })), ...extra],
    rootSystemUse: announcement(),
    label: 'CDROM',
    ...(bootCatalog !== undefined && { bootCatalog }),
  });
}

/** An ISO as `tinyLiveOs` makes it, but with its loaders only in a FAT that firmware boots from a disc (El Torito). */
export function tinyLiveOsWithBootImage(fat: Uint8Array): Uint8Array {
  const catalog = Buffer.alloc(64);
  catalog.set([1, 0xef], 0);
  catalog.write('tiny boot catalog', 4, 'latin1');
  catalog.set([0x55, 0xaa, 0x88], 30);
  const changes = { 'EFI/BOOT/BOOTX64.EFI': null, 'EFI/BOOT/grubx64.efi': null, 'boot/grub2/efiboot.img': fat };
  const image = Buffer.from(tinyLiveOs(changes, [], catalog));
  const entry = image.indexOf(catalog) + 32;
  image.writeUInt16LE(fat.length / 512, entry + 6);
  image.writeUInt32LE(image.indexOf(fat) / 2048, entry + 8);
  return image;
}

/** The system use field of a file of that name, for records that are written by hand. */
export function namedFile(fileName: string): Uint8Array {
  return Buffer.concat([name(fileName), attributes(0o100644)]);
}

/** The same for a symbolic link. */
export function namedLink(fileName: string, target: string): Uint8Array {
  return Buffer.concat([name(fileName), attributes(0o120777), linkField(target)]);
}
