import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { OutputFormat } from '../../src/image-config/config.ts';
import { deliver } from '../../src/release/deliver.ts';
import { packFolder, smallSystem } from '../initramfs/small-system.ts';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { masteredLiveOs } from '../support/mastered-liveos.ts';
import { describeWith } from '../support/programs.ts';
import { pxeConfig } from '../support/tiny-liveos.ts';
import { tinyKernel } from '../support/tiny-programs.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { contentsOf, sha256, temporaryFolder } from './folder.ts';
import { requireQuiet, run, spread, touched } from './killing.ts';
import { asked } from './workshop.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const kills = 6;

/** A live system that can be converted: its kernel says its version, and it lies in a real squashfs. */
async function convertible(folder: string, name: string): Promise<Parts> {
  const [system, squashfs] = [join(folder, 'system'), join(folder, 'rootfs.img')];
  const ballast = Array.from({ length: 200 }, (_, index) => [`usr/share/${index}`, `${name} ${index}\n`.repeat(2000)]);
  await smallSystem(system, Object.fromEntries(ballast));
  await packFolder(system, squashfs);
  const parts = {
    'boot/vmlinuz': null,
    'boot/initrd.img': null,
    'boot/grub2/grub.cfg': null,
    'boot/vmlinuz-6.6.9': tinyKernel('x64', '6.6.9'),
    'boot/initramfs-6.6.9.img': gzipSync(
      cpioArchive([{ path: 'usr/lib/dracut/modules.txt', content: 'base\ndmsquash-live\nlivenet\n' }]),
    ),
    'boot/grub2/grub-pxe.cfg': pxeConfig
      .replace('/boot/vmlinuz', '/boot/vmlinuz-6.6.9')
      .replace('/boot/initrd.img', '/boot/initramfs-6.6.9.img'),
    'liveos/rootfs.img': readFileSync(squashfs),
  };
  rmSync(system, { recursive: true });
  rmSync(squashfs);
  return parts;
}

/** Bytes that take their time, and that no packer makes small. */
function ballast(name: string): Parts {
  const bytes = Buffer.alloc(2 * 1024 * 1024);
  for (let at = 0, state = name.length; at < bytes.length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return { 'liveos/rootfs.img': bytes, name };
}

interface Case {
  readonly what: string;
  readonly format: OutputFormat;
  readonly output: string;
  readonly config: string;
  /** Makes an image in an empty folder, and gives its path. */
  image(folder: string, name: string): Promise<string>;
}

async function plain(folder: string, name: string): Promise<string> {
  const path = join(folder, 'liveos.iso');
  await masteredLiveOs(path, ballast(name));
  return path;
}

async function packedBy(program: string, args: readonly string[], made: string, folder: string, name: string) {
  const iso = await plain(folder, name);
  execFileSync(program, [...args], { cwd: folder, stdio: 'pipe' });
  rmSync(iso, { force: true });
  return join(folder, made);
}

const cases: readonly Case[] = [
  { what: 'a pxe-tar', format: 'pxe-tar', output: 'out.tar.zst', config: '{}', image: plain },
  {
    what: 'an ISO',
    format: 'iso',
    output: 'out.iso',
    config: 'iso: { volumeLabel: OTHER }',
    image: plain,
  },
  {
    what: 'a pxe-dir with an ISO that is written anew',
    format: 'pxe-dir',
    output: 'out',
    config: 'pxe: { additionalFiles: [{ destination: x, content: x }] }',
    image: plain,
  },
  {
    what: 'a pxe-dir of an ISO packed by xz',
    format: 'pxe-dir',
    output: 'out',
    config: '{}',
    image: (folder, name) => packedBy('xz', ['-0', 'liveos.iso'], 'liveos.iso.xz', folder, name),
  },
  {
    what: 'a pxe-dir of an ISO in a 7z archive',
    format: 'pxe-dir',
    output: 'out',
    config: '{}',
    image: (folder, name) => packedBy('7z', ['a', '-bd', '-mx1', 'liveos.7z', 'liveos.iso'], 'liveos.7z', folder, name),
  },
  {
    what: 'a pxe-tar of a system that is converted',
    format: 'pxe-tar',
    output: 'out.tar',
    config: 'pxe: { initramfsType: full-os }',
    async image(folder, name) {
      const path = join(folder, 'liveos.iso');
      await masteredLiveOs(path, await convertible(folder, name));
      return path;
    },
  },
];

/** The same for outputs that are the same to the byte. */
function identityOf(output: string): string {
  if (!existsSync(output)) return 'absent';
  return statSync(output).isDirectory() ? JSON.stringify(contentsOf(output)) : sha256(readFileSync(output));
}

/** Two images, and what they become. */
async function prepared({ format, output, config, image }: Case) {
  const here = temporaryFolder();
  const wanted = temporaryFolder();
  writeFileSync(join(wanted, 'image.yaml'), config);
  const images: string[] = [];
  const identities: string[] = [];
  for (const name of ['old', 'renewed']) {
    const folder = join(wanted, name);
    mkdirSync(folder);
    images.push(await image(folder, name));
    const path = join(folder, output);
    await deliver({ image: images.at(-1) as string, kernelArguments: [], config: asked(config) }, path, format);
    identities.push(identityOf(path));
  }
  expect(identities[0]).not.toBe(identities[1]);
  return { here, images, identities, config: join(wanted, 'image.yaml'), path: join(here, output) };
}

const programs = ['xorriso', 'xz', '7z', 'prlimit', 'sqfs2tar', 'mksquashfs', 'python3'];

describeWith({ programs, root: true }, 'a build that is killed at any moment', () => {
  for (const each of cases) {
    test(`leaves the earlier output or the new one, and the next build cleans up: ${each.what}`, async () => {
      const { here, images, identities, config, path } = await prepared(each);
      const args = (index: number) => [
        ...[main, 'build', images[index % 2] as string, '--config', config],
        ...['--format', each.format, '--output', path, '--no-url-check'],
      ];
      await run(args(0));
      expect(identityOf(path)).toBe(identities[0]);
      const { durationMs } = await run(args(1));
      const moments = [...spread(durationMs, kills), { afterMs: 0, seen: touched(path) }];
      let killed = 0;
      let leftBehind = 0;
      for (const [index, moment] of moments.entries()) {
        const before = identityOf(path);
        if ((await run(args(index), moment)).killed) killed += 1;
        expect([before, identities[index % 2]]).toContain(identityOf(path));
        leftBehind = Math.max(leftBehind, readdirSync(here).length - 1);
      }
      expect(killed).toBeGreaterThan(kills / 2);
      expect(leftBehind).toBeGreaterThan(0);
      // What the killed ones had started ends by itself.
      await requireQuiet(here, 10_000);
      await run(args(0));
      expect(identityOf(path)).toBe(identities[0]);
      expect(readdirSync(here)).toEqual([each.output]);
    }, 120_000);
  }
});

describeWith({ programs, root: true }, 'a build that is told to stop at any moment', () => {
  for (const each of cases) {
    test(`leaves nothing, and nothing at work: ${each.what}`, async () => {
      const { here, images, identities, path } = await prepared(each);
      const build = (signal?: AbortSignal, onProgress?: () => void) =>
        deliver(
          { image: images[0] as string, kernelArguments: [], config: asked(each.config), signal, onProgress },
          path,
          each.format,
        );
      let steps = 0;
      const startedMs = performance.now();
      await build(undefined, () => {
        steps += 1;
      });
      const durationMs = performance.now() - startedMs;
      rmSync(path, { recursive: true });
      let stopped = 0;
      const stops = 5;
      for (let index = 0; index < 2 * stops; index += 1) {
        const stop = new AbortController();
        const share = (index % stops) / stops;
        // Half of them at a time, half of them at a step.
        const timer = index < stops ? setTimeout(() => stop.abort(), durationMs * share) : undefined;
        let step = 0;
        const onProgress = () => {
          step += 1;
          if (index >= stops && step > steps * share) stop.abort();
        };
        const outcome = await build(stop.signal, onProgress).catch((error: unknown) => error);
        clearTimeout(timer);
        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({ name: 'AbortError' });
          stopped += 1;
          expect(readdirSync(here)).toEqual([]);
        } else {
          expect(identityOf(path)).toBe(identities[0]);
          rmSync(path, { recursive: true });
        }
        await requireQuiet(here, 1000);
      }
      expect(stopped).toBeGreaterThan(stops);
    }, 60_000);
  }
});
