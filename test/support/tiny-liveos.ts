import type { TinyFile } from '../iso/tiny-iso.ts';
import { tinyInitrd, tinyLoader } from './tiny-programs.ts';
import { type Parts, tinyImage } from './tiny-tree.ts';

/** As an image for the network has it: its `root=live:` is still that of whoever built the image. */
export const pxeConfig = `set timeout=0
set default=0

menuentry "Tiny LiveOS" {
  linux /boot/vmlinuz root=live:http://old.example/old.iso rd.live.image ip=dhcp quiet
  initrd /boot/initrd.img
}
`;

/** The configuration for the disc, which the network has no use for. */
const discConfig = `set timeout=0
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

/**
 * A LiveOS ISO of some 100 KB that passes every check, with its loaders, kernel, initrd and configurations; `changes`
 * are laid over it, and `extra` comes into its root directory as it is. Nothing in it would run.
 */
export function tinyLiveOs(changes: Parts = {}, extra: readonly TinyFile[] = []): Uint8Array {
  return tinyImage({ parts: { ...liveOs, ...changes }, extra });
}

/** An ISO as `tinyLiveOs` makes it, but with its loaders only in a FAT that firmware boots from a disc (El Torito). */
export function tinyLiveOsWithBootImage(fat: Uint8Array): Uint8Array {
  const bootImage = 'boot/grub2/efiboot.img';
  const changes = { 'EFI/BOOT/BOOTX64.EFI': null, 'EFI/BOOT/grubx64.efi': null, [bootImage]: fat };
  return tinyImage({ parts: { ...liveOs, ...changes }, bootImage });
}
