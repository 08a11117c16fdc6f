import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readKernelVersion } from '../../src/initramfs/kernel-version.ts';
import { kernelsOf } from '../../src/initramfs/kernels.ts';
import { kindOf } from '../../src/initramfs/kind.ts';
import { lookup } from '../../src/iso/lookup.ts';
import type { ImageEntry } from '../../src/iso/tree.ts';
import { memorySource } from '../iso/memory-source.ts';

function treeOf(...paths: readonly string[]) {
  const entries = ['boot', 'liveos', ...paths].toSorted().map(
    (path): ImageEntry => ({
      path,
      kind: path.includes('/') ? 'file' : 'directory',
      sizeBytes: 0,
      mode: 0o644,
      modifiedMs: 0,
      extents: [],
    }),
  );
  return { entries, find: lookup(entries) };
}

test('kernels come newest first, by the order of their versions, each with its own initramfs', () => {
  const kernels = kernelsOf(
    treeOf(
      'boot/vmlinuz-6.6.9-1.azl3',
      'boot/initramfs-6.6.9-1.azl3.img',
      'boot/initramfs-6.6.9-1.azl3kdump.img',
      'boot/vmlinuz-6.6.10-1.azl3',
      'boot/vmlinuz-0-rescue-0123',
      'boot/vmlinuz',
      'boot/initrd.img',
    ),
  );
  const seen = kernels.map(({ version, initrd, kdump, isRescue }) => [version, initrd?.path, kdump?.path, isRescue]);
  expect(seen).toEqual([
    ['6.6.10-1.azl3', undefined, undefined, false],
    ['6.6.9-1.azl3', 'boot/initramfs-6.6.9-1.azl3.img', 'boot/initramfs-6.6.9-1.azl3kdump.img', false],
    ['0-rescue-0123', undefined, undefined, true],
    [undefined, 'boot/initrd.img', undefined, false],
  ]);
});

test('the initramfs that saves a crash dump is no kernel of its own, nor anything deeper in boot', () => {
  expect(kernelsOf(treeOf('boot/initramfs-6.6.9kdump.img', 'boot/loader/entries/vmlinuz-6.6.9'))).toEqual([]);
});

test('an image with a system in a file of its own is a bootstrap one, any other a full-os one', () => {
  expect(kindOf(treeOf('liveos/rootfs.img', 'boot/initrd.img'))).toBe('bootstrap');
  expect(kindOf(treeOf('boot/initrd.img'))).toBe('full-os');
});

test('a kernel for x86 tells its version, and no bytes are too strange to be asked', async () => {
  const kernel = Buffer.alloc(4096);
  kernel.write('HdrS', 0x202, 'latin1');
  kernel.writeUInt16LE(0x400, 0x20e);
  kernel.write('6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)\0', 0x600, 'latin1');
  expect(await readKernelVersion(memorySource(kernel))).toBe('6.1.0-56-cloud-amd64');
  expect(await readKernelVersion(memorySource(Buffer.alloc(4096)))).toBe(undefined);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 0x300 }), fc.nat(0xffff), async (bytes, at) => {
      const hostile = Buffer.concat([Buffer.alloc(0x202), Buffer.from('HdrS'), Buffer.alloc(8), Buffer.from(bytes)]);
      if (hostile.length > 0x210) hostile.writeUInt16LE(at, 0x20e);
      await readKernelVersion(memorySource(hostile));
    }),
    { seed: 5, numRuns: 100 },
  );
});
