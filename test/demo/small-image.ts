import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { announcement, attributes, name, type TinyFile, tinyIso } from '../iso/tiny-iso.ts';
import { smallInitrd } from './small-initrd.ts';
import { smallGrub, smallShim } from './small-loader.ts';

type Files = Readonly<Record<string, Uint8Array>>;

/** As a real kernel starts, and as large as a small one. Documentation/arch/x86/boot.rst, "HdrS" */
function smallKernel(): Uint8Array {
  const bytes = Buffer.alloc(4 * 1024 * 1024, 0x90);
  bytes.write('MZ', 0, 'latin1');
  bytes.writeUInt16LE(0xaa55, 0x1fe);
  bytes.write('HdrS', 0x202, 'latin1');
  return bytes;
}

/** As a squashfs starts: `hsqs`. */
function smallRoot(): Uint8Array {
  const bytes = Buffer.alloc(32 * 1024 * 1024, 0x5a);
  bytes.write('hsqs', 0, 'latin1');
  return bytes;
}

function staticFile(path: string): Uint8Array {
  return readFileSync(join(import.meta.dirname, '../liveos/iso', path));
}

/** The records of one folder; `prefix` is its path with a slash at the end. */
function folder(files: Files, prefix: string): TinyFile[] {
  const inside = Object.keys(files).filter((path) => path.startsWith(prefix));
  const names = [...new Set(inside.map((path) => path.slice(prefix.length).split('/')[0] as string))];
  return names.map((entry, index) => {
    const content = files[prefix + entry];
    const identifier = content === undefined ? `D${index}` : `F${index}.;1`;
    const mode = content === undefined ? 0o040755 : 0o100644;
    return {
      identifier,
      systemUse: Buffer.concat([attributes(mode), name(entry)]),
      ...(content === undefined ? { children: folder(files, `${prefix}${entry}/`) } : { content }),
    };
  });
}

/**
 * An ISO with everything in its place that a LiveOS image has, made of nothing: no program of it does anything, but
 * whoever serves it has the same work as with a real one.
 */
export function smallImage(): Uint8Array {
  const files: Files = {
    'efi/boot/bootx64.efi': smallShim(),
    'efi/boot/grubx64.efi': smallGrub('/boot/grub2'),
    'boot/grub2/grub.cfg': staticFile('plain/boot/grub2/grub.cfg'),
    'boot/grub2/grub-pxe.cfg': staticFile('plain/boot/grub2/grub-pxe.cfg'),
    'boot/grub2/grubenv': staticFile('common/boot/grub2/grubenv'),
    'boot/vmlinuz': smallKernel(),
    'boot/initrd.img': smallInitrd(),
    'liveos/rootfs.img': smallRoot(),
    'artifacts/config.json': staticFile('common/artifacts/config.json'),
  };
  return tinyIso({ label: 'CDROM', rootSystemUse: announcement(), children: folder(files, '') });
}
