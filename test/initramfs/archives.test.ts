import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { fullOsSystem } from '../../src/initramfs/cpio-read.ts';
import { CpioWriter } from '../../src/initramfs/cpio-write.ts';
import { Outlet } from '../../src/initramfs/outlet.ts';
import { whySelinuxIsOn } from '../../src/initramfs/selinux.ts';
import { surveySystem, systemLimits } from '../../src/initramfs/survey.ts';
import { type Content, noContent, type System, type SystemEntry, type SystemSink } from '../../src/initramfs/system.ts';
import { readTar } from '../../src/initramfs/tar-read.ts';
import { TarWriter } from '../../src/initramfs/tar-write.ts';
import { inputOfSource } from '../../src/iso/input.ts';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { memorySource } from '../iso/memory-source.ts';

interface Kept {
  readonly entry: SystemEntry;
  readonly bytes: Buffer;
}

/** Takes a system into memory. */
class KeptSystem implements SystemSink {
  readonly kept: Kept[] = [];

  async add(entry: SystemEntry, content: Content): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    this.kept.push({ entry, bytes: Buffer.concat(pieces) });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function pack(
  kept: readonly Kept[],
  writerOf: (outlet: Outlet) => SystemSink & { end(): Promise<void> },
): Promise<Buffer> {
  const stream = new PassThrough();
  const written = buffer(stream);
  const writer = writerOf(new Outlet(stream, finished(stream)));
  for (const { entry, bytes } of kept) await writer.add(entry, entry.sizeBytes === 0 ? noContent : once(bytes));
  await writer.end();
  return written;
}

async function readTarOf(bytes: Uint8Array): Promise<readonly Kept[]> {
  const sink = new KeptSystem();
  await readTar(inputOfSource(memorySource(bytes), 0), sink, 'liveos/rootfs.img');
  return sink.kept;
}

async function readCpioOf(bytes: Uint8Array): Promise<readonly Kept[]> {
  const sink = new KeptSystem();
  await fullOsSystem(() => memorySource(bytes), 'boot/initrd.img', 1e6).walk(sink);
  return sink.kept;
}

const bytes = fc.uint8Array({ maxLength: 1500 }).map((each) => Buffer.from(each));
const name = fc
  .uint8Array({ minLength: 1, maxLength: 120 })
  .map((each) => Buffer.from(each).toString('latin1').replace(/[\0/]/g, 'x'))
  .filter((each) => each !== '.' && each !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const number = fc.nat(0xffff_ffff);
const common = { mode: fc.nat(0o7777), uid: number, gid: number, modifiedSeconds: number, path } as const;
const none = fc.constant(Buffer.alloc(0));
const some = (extra: Record<string, fc.Arbitrary<unknown>>, content: fc.Arbitrary<Buffer> = none) =>
  fc
    .tuple(fc.record({ ...common, ...extra }), content)
    .map(([entry, each]): Kept => ({ entry: { ...entry, sizeBytes: each.length } as SystemEntry, bytes: each }));
const anyEntry = fc.oneof(
  some({ kind: fc.constant('file') }, bytes),
  some({ kind: fc.constantFrom('directory', 'fifo') }),
  some({ kind: fc.constant('symlink'), target: path }),
  some({
    kind: fc.constantFrom('character-device', 'block-device'),
    device: fc.record({ major: fc.nat(4095), minor: fc.nat(1048575) }),
  }),
);
const attribute = fc.record({ name: fc.constantFrom('user.a', 'security.selinux'), value: bytes });

test('a tar archive brings back what went into it, names and attributes to the byte', async () => {
  const any = fc.tuple(anyEntry, fc.array(attribute, { minLength: 1, maxLength: 3 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 5 }), async (list) => {
      const kept = list.map(
        ([each, attributes, has]): Kept => (has ? { ...each, entry: { ...each.entry, attributes } } : each),
      );
      expect(await readTarOf(await pack(kept, (outlet) => new TarWriter(outlet)))).toEqual(kept);
    }),
    { seed: 3, numRuns: 150 },
  );
});

test('a cpio archive brings back what went into it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEntry, { maxLength: 5 }), async (kept) => {
      expect(await readCpioOf(await pack(kept, (outlet) => new CpioWriter(outlet, new Map())))).toEqual(kept);
    }),
    { seed: 4, numRuns: 150 },
  );
});

test('archives that are spoiled anywhere are read or refused', async () => {
  const file = { kind: 'file', mode: 0o644, uid: 0, gid: 0, modifiedSeconds: 0 } as const;
  const content = Buffer.from('some bytes');
  const kept = ['a', 'x'.repeat(200)].map(
    (each): Kept => ({ entry: { ...file, path: each, sizeBytes: 10 }, bytes: content }),
  );
  const tar = await pack(kept, (outlet) => new TarWriter(outlet));
  const cpio = await pack(kept, (outlet) => new CpioWriter(outlet, new Map()));
  const spoilt = fc.tuple(fc.boolean(), fc.nat(3000), fc.nat(255), fc.option(fc.nat(3000)));
  await fc.assert(
    fc.asyncProperty(spoilt, async ([isTar, at, byte, end]) => {
      const damaged = Buffer.from(isTar ? tar : cpio).subarray(0, end ?? undefined);
      if (at < damaged.length) damaged[at] = byte;
      await (isTar ? readTarOf(damaged) : readCpioOf(damaged)).catch((error: unknown) => {
        expect(error).toBeInstanceOf(BootwrightError);
      });
    }),
    { seed: 7, numRuns: 400 },
  );
});

test('an archive whose hard links have their bytes with the last name, as cpio writes them, is the same system', async () => {
  const archive = Buffer.from(cpioArchive([{ path: 'one' }, { path: 'two', content: 'bytes' }, { path: 'three' }]));
  // `cpioArchive` gives all the inode 1; the number of links is the fifth field of a header.
  for (const each of ['one', 'two', 'three']) archive.write('00000003', archive.indexOf(`${each}\0`) - 110 + 6 + 4 * 8);
  const kept = await readCpioOf(archive);
  expect(kept.map(({ entry, bytes: each }) => [entry.path, entry.kind, entry.target, each.toString()])).toEqual([
    ['two', 'file', undefined, 'bytes'],
    ['one', 'link', 'two', ''],
    ['three', 'link', 'two', ''],
  ]);
});

test('a system of more files or bytes than any has is refused before it fills a disk', async () => {
  const entry: SystemEntry = {
    ...{ mode: 0, uid: 0, gid: 0, modifiedSeconds: 0 },
    kind: 'file',
    path: 'x',
    sizeBytes: 0,
  };
  const many = (count: number, each: SystemEntry): System => ({
    async walk(sink) {
      for (let index = 0; index < count; index++) await sink.add(each, noContent);
    },
  });
  const files = surveySystem(many(systemLimits.files + 1, entry), 'liveos/rootfs.img');
  await expect(files).rejects.toMatchObject({ code: 'INITRAMFS_TOO_LARGE', data: { what: 'files' } });
  const large = surveySystem(many(2, { ...entry, sizeBytes: systemLimits.bytes }), 'liveos/rootfs.img');
  await expect(large).rejects.toMatchObject({ code: 'INITRAMFS_TOO_LARGE', data: { what: 'bytes' } });
});

test.each([
  ['Fedora, unless told otherwise', 'ID=fedora', 'SELINUX=enforcing', [], true],
  ['Fedora with selinux=0', 'ID=fedora', 'SELINUX=enforcing', ['selinux=0'], false],
  ['Fedora that disables it', 'ID=fedora', '# SELINUX=enforcing\nSELINUX=disabled', [], false],
  ['Azure Linux 3, unless asked', 'ID=azurelinux\nVERSION_ID="3.0"', 'SELINUX=enforcing', [], false],
  [
    'Azure Linux 3, asked',
    'ID=azurelinux\nVERSION_ID="3.0"',
    'SELINUX=permissive',
    ['security=selinux', 'selinux=1'],
    true,
  ],
  ['Azure Linux 4', 'ID=azurelinux\nVERSION_ID=4.0', 'SELINUX=permissive', [], true],
  ['enforcing by the kernel', 'ID=x', 'SELINUX=disabled', ['security=selinux', 'selinux=1', 'enforcing=1'], true],
  ['a system without SELinux', 'ID=x', undefined, ['selinux=1'], false],
] as const)('SELinux of %s', (_, osRelease, config, kernelArguments, isOn) => {
  expect(whySelinuxIsOn({ osRelease, config, kernelArguments }) !== undefined).toBe(isOn);
});
