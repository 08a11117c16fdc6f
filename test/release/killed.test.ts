import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { contentsOf, requireWhole, temporaryFolder } from './folder.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const publishProcess = join(import.meta.dirname, 'publish-process.ts');
const kills = 12;

/** Large enough that most of a run is work on it. */
function putImage(folder: string, content: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'image.iso');
  writeFileSync(path, tinyLiveOs({ 'liveos/rootfs.img': Buffer.alloc(24 * 1024 * 1024, content), name: content }));
  return path;
}

interface Run {
  readonly durationMs: number;
  readonly killed: boolean;
}

/** Runs a command to its end, or kills it after so many milliseconds. Throws where it fails by itself. */
function run(args: readonly string[], killAfterMs?: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    const alarm = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    child.on('error', reject);
    child.on('exit', (status, signal) => {
      clearTimeout(alarm);
      if (status === 0 || signal === 'SIGKILL') {
        resolve({ durationMs: performance.now() - startedMs, killed: signal === 'SIGKILL' });
      } else {
        reject(new Error(`exit ${status}: ${errors}`));
      }
    });
  });
}

/** Moments from the start of the work to its end, in milliseconds. Half of a short run is Node itself. */
function moments(durationMs: number): number[] {
  return Array.from({ length: kills }, (_, index) => durationMs * (0.3 + (0.72 * index) / (kills - 1)));
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
  for (const [index, moment] of moments(durationMs).entries()) {
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
}, 60_000);

test('a build that is killed without an earlier output leaves a whole one or none, and the next one cleans up', async () => {
  const here = temporaryFolder();
  const output = join(here, 'out');
  const build = [main, 'build', putImage(join(here, 'in'), 'x'), '--output', output];
  const { durationMs } = await run(build);
  let killed = 0;
  for (const moment of moments(durationMs)) {
    rmSync(output, { recursive: true, force: true });
    if ((await run(build, moment)).killed) killed += 1;
    if (existsSync(output)) requireWhole(output);
  }
  expect(killed).toBeGreaterThan(kills / 2);
  await run(build);
  requireWhole(output);
  expect(besides(here, 'in', 'out')).toEqual([]);
}, 60_000);

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
  const images = Array.from({ length: kills + 1 }, (_, index) => putImage(join(here, String(index)), `image ${index}`));
  const publishing = (index: number) => [publishProcess, root, images[index] as string];
  const { durationMs } = await run(publishing(kills));
  requireServable(root);
  let killed = 0;
  for (const [index, moment] of moments(durationMs).entries()) {
    if ((await run(publishing(index), moment)).killed) killed += 1;
    requireServable(root);
  }
  expect(killed).toBeGreaterThan(kills / 2);
  await run(publishing(0));
  requireServable(root);
  expect(contentsOf(root)['active']).toMatch(/^-> releases\/image-/);
  expect(readdirSync(join(root, '.bootwright/staging'))).toEqual([]);
  expect(besides(join(root, '.bootwright'), 'staging', 'lock')).toEqual([]);
}, 60_000);
