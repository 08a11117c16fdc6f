import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';
import { type Moment, run, spread, touched } from './killing.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const publishProcess = join(import.meta.dirname, 'publish-process.ts');
const kills = 12;

/** Large enough that most of a run is work on it. */
function putImage(folder: string, content: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'image.iso');
  writeFileSync(path, tinyLiveOs({ 'liveos/rootfs.img': Buffer.alloc(16 * 1024 * 1024, content), name: content }));
  return path;
}

/** The manifest is the last file that a build writes: what comes next is the step that makes it visible. */
function isManifestWritten(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const stagings = readdirSync(folder).filter((name) => /^\.out\.bootwright-|^release-/.test(name));
  return stagings.some((name) => existsSync(join(folder, name, 'release/manifest.json')));
}

/**
 * Moments from the start of the work to its end (half of a short run is Node itself), and some more right where the
 * old gives way to the new: as soon as all is ready in `staging`, and as soon as anything happens to what is `served`.
 */
function moments(durationMs: number, staging: string, served: string): Moment[] {
  const isReady = () => isManifestWritten(staging);
  return [
    ...spread(durationMs, kills),
    ...[0, 5, 20].map((afterMs) => ({ afterMs, seen: isReady })),
    ...[0, 0, 2].map((afterMs) => ({ afterMs, seen: touched(served) })),
  ];
}

function besides(folder: string, ...names: readonly string[]): string[] {
  return readdirSync(folder).filter((name) => !names.includes(name));
}

test('a build that is killed over an earlier output leaves that or the new one, whole, and the next one cleans up', async () => {
  const here = temporaryFolder();
  const output = join(here, 'out');
  const images = ['old', 'new'].map((name) => putImage(join(here, name), name));
  const build = (index: number) => [main, 'build', images[index % 2] as string, '--output', output];
  await run(build(0));
  const { durationMs } = await run(build(1));
  let killed = 0;
  let leftBehind = 0;
  for (const [index, moment] of moments(durationMs, here, output).entries()) {
    const ended = await run(build(index), moment);
    if (ended.killed) killed += 1;
    requireWhole(output);
    leftBehind = Math.max(leftBehind, besides(here, 'old', 'new', 'out').length);
  }
  expect(killed).toBeGreaterThan(kills / 2);
  expect(leftBehind).toBeGreaterThan(0);
  await run(build(0));
  requireWhole(output);
  expect(besides(here, 'old', 'new', 'out')).toEqual([]);
}, 120_000);

test('a build that is killed without an earlier output leaves a whole one or none, and the next one cleans up', async () => {
  const here = temporaryFolder();
  const output = join(here, 'out');
  const build = [main, 'build', putImage(join(here, 'in'), 'x'), '--output', output];
  const { durationMs } = await run(build);
  let killed = 0;
  for (const moment of moments(durationMs, here, output)) {
    rmSync(output, { recursive: true, force: true });
    if ((await run(build, moment)).killed) killed += 1;
    if (existsSync(output)) requireWhole(output);
  }
  expect(killed).toBeGreaterThan(kills / 2);
  await run(build);
  requireWhole(output);
  expect(besides(here, 'in', 'out')).toEqual([]);
}, 120_000);

/** All that machines could be served from a root is whole: each release, and what is active. */
function requireServable(root: string): void {
  const releases = join(root, 'releases');
  for (const id of existsSync(releases) ? readdirSync(releases) : []) {
    expect(requireWhole(join(releases, id)).id).toBe(id);
  }
  const active = contentsOf(root)['active'];
  if (active !== undefined) requireWhole(join(releases, basename(readlinkSync(join(root, 'active')))));
}

test('a server that is killed while it publishes serves whole releases only, and the next one cleans up', async () => {
  const here = temporaryFolder();
  const root = join(here, 'root');
  const publishing = (index: number) => {
    return [publishProcess, root, putImage(join(here, String(index)), `image ${index}`)];
  };
  const { durationMs } = await run(publishing(-1));
  requireServable(root);
  let killed = 0;
  for (const [index, moment] of moments(
    durationMs,
    join(root, '.bootwright/staging'),
    join(root, 'releases'),
  ).entries()) {
    if ((await run(publishing(index), moment)).killed) killed += 1;
    requireServable(root);
  }
  expect(killed).toBeGreaterThan(kills / 2);
  await run(publishing(0));
  requireServable(root);
  expect(contentsOf(root)['active']).toMatch(/^-> releases\/image-/);
  expect(readdirSync(join(root, '.bootwright/staging'))).toEqual([]);
  expect(besides(join(root, '.bootwright'), 'staging', 'lock')).toEqual([]);
}, 120_000);
