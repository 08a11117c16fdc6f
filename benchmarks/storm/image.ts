import { randomFillSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { cpioArchive } from '../../test/iso/cpio-archive.ts';
import { tinyLiveOs } from '../../test/support/tiny-liveos.ts';
import { tinyLoader } from '../../test/support/tiny-programs.ts';

export interface ImageSizes {
  /** Of the whole ISO, about; an eighth of it is the kernel, a quarter the initrd. */
  readonly imageBytes: number;
  /** What shim and GRUB have beside their headers, each. */
  readonly loaderBytes: number;
}

/** An ISO that passes every check and boots nothing; what fills it is random, so that nothing packs it. */
export function stormImage({ imageBytes, loaderBytes }: ImageSizes): Uint8Array {
  const kernelBytes = imageBytes / 8;
  const initrdBytes = imageBytes / 4;
  const initrd = cpioArchive([
    { path: 'usr/lib/dracut/dracut-059-4' },
    { path: 'usr/lib/dracut/modules.txt', content: 'base\ndmsquash-live\nlivenet\n' },
    { path: 'usr/lib/filling', content: filling((initrdBytes / 4) * 3).toString('base64') },
  ]);
  const loader = (modules?: readonly string[]) => Buffer.concat([tinyLoader('x64', modules), filling(loaderBytes)]);
  const rest = Math.max(0, imageBytes - kernelBytes - initrdBytes);
  return tinyLiveOs({
    'boot/vmlinuz': filling(kernelBytes),
    'boot/initrd.img': gzipSync(initrd, { level: 0 }),
    'liveos/rootfs.img': Buffer.concat([Buffer.from('hsqs'), filling(rest)]),
    'EFI/BOOT/BOOTX64.EFI': loader(),
    'EFI/BOOT/grubx64.efi': loader(['normal', 'http', 'tftp']),
  });
}

function filling(sizeBytes: number): Buffer {
  return randomFillSync(Buffer.alloc(Math.floor(sizeBytes)));
}
