import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { inspectLoader } from '../../src/iso/pe.ts';
import { describeWith } from '../support/programs.ts';
import { mutate, mutations } from './mutations.ts';
import { modsSection, moduleObject, tinyPe } from './tiny-pe.ts';

const mods = modsSection([
  [0, moduleObject('normal')],
  [0, moduleObject('http')],
  [1, Buffer.from('a disk')],
  [2, Buffer.from('set root=(http)\0')],
  [3, Buffer.from('/boot/grub2\0')],
]);
const sbat = Buffer.from('sbat,1,SBAT Version,sbat,1,https://…\ngrub,4,Free Software Foundation,grub,2.06,…\n\0\0');
const grub = tinyPe([
  { name: '.text', bytes: Buffer.alloc(64) },
  { name: 'mods', bytes: mods },
  { name: '.sbat', bytes: sbat },
]);

describe('a loader', () => {
  test('shows the modules, prefix and configuration that are built into its GRUB', () => {
    expect(inspectLoader(grub)).toEqual({
      machine: 'x64',
      subsystem: 'efi-application',
      isSigned: false,
      grub: { modules: ['normal', 'http'], prefix: '/boot/grub2', config: 'set root=(http)', hasMemoryDisk: true },
      sbat: [
        { component: 'sbat', generation: 1, vendor: 'SBAT Version', package: 'sbat', version: '1' },
        { component: 'grub', generation: 4, vendor: 'Free Software Foundation', package: 'grub', version: '2.06' },
      ],
    });
  });

  test.each([
    [0x8664, 'x64'],
    [0xaa64, 'arm64'],
    [0x014c, 'ia32'],
    [0x1234, 'other'],
  ])('is for machine %i: %s', (code, machine) => {
    expect(inspectLoader(tinyPe([], code)).machine).toBe(machine);
  });

  test('that is no GRUB shows none, and one with a signature that it has one', () => {
    const loader = inspectLoader(tinyPe([{ name: 'mods', bytes: Buffer.from('other') }], 0x8664, 1000));
    expect(loader).toEqual({ machine: 'x64', subsystem: 'efi-application', isSigned: true });
  });
});

describe('what is no loader is told so', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'LOADER_NOT_PE'],
    ['a script', Buffer.from('#!/bin/sh'), 'LOADER_NOT_PE'],
    ['a program for DOS', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]), 'LOADER_NOT_PE'],
    ['half of one', grub.subarray(0, 100), 'LOADER_DAMAGED'],
    ['one without its last section', grub.subarray(0, -10), 'LOADER_DAMAGED'],
  ])('%s', (_, bytes, code) => {
    expect(() => inspectLoader(bytes)).toThrow(expect.objectContaining({ code }));
  });
});

function inspectOrRefuse(bytes: Uint8Array): void {
  const started = performance.now();
  try {
    inspectLoader(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(BootwrightError);
  }
  expect(performance.now() - started).toBeLessThan(1000);
}

test('a loader with anything spoiled is read or refused', () => {
  const property = fc.property(mutations, (list) => inspectOrRefuse(mutate(grub, list)));
  fc.assert(property, { seed: 8664, numRuns: 2000 });
});

describeWith({ programs: ['grub-mkimage', 'grub-mkstandalone'] }, 'loaders of real programs', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootwright-pe-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('grub-mkimage: the modules that were asked for, the prefix and the configuration', async () => {
    const [image, config] = [join(folder, 'image.efi'), join(folder, 'early.cfg')];
    await writeFile(config, 'set timeout=3\n');
    const options = ['-O', 'x86_64-efi', '-o', image, '-p', '(http)/boot/grub2', '-c', config];
    await execa('grub-mkimage', [...options, 'normal', 'http', 'tftp', 'efinet']);
    const { machine, grub } = inspectLoader(await readFile(image));
    expect(machine).toBe('x64');
    expect(grub).toMatchObject({ prefix: '(http)/boot/grub2', config: 'set timeout=3\n', hasMemoryDisk: false });
    expect(grub?.modules).toEqual(expect.arrayContaining(['normal', 'http', 'tftp', 'efinet', 'net']));
    expect(grub?.modules).not.toContain('(unnamed)');
  });

  test('grub-mkstandalone: a memory disk', async () => {
    const image = join(folder, 'standalone.efi');
    await execa('grub-mkstandalone', ['-O', 'x86_64-efi', '-o', image, '--modules=http', '--install-modules=ls']);
    expect(inspectLoader(await readFile(image)).grub).toMatchObject({ hasMemoryDisk: true });
  });

  test('and those, spoiled anywhere, are read or refused', async () => {
    const image = join(folder, 'small.efi');
    await execa('grub-mkimage', ['-O', 'x86_64-efi', '-o', image, '-p', '/x', 'http']);
    const whole = await readFile(image);
    fc.assert(
      fc.property(mutations, (list) => inspectOrRefuse(mutate(whole, list))),
      { seed: 206, numRuns: 200 },
    );
  });
});

const signed = '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed';

test.skipIf(!existsSync(signed))("Debian's signed GRUB for the network has TFTP and no HTTP", async () => {
  const { isSigned, grub, sbat } = inspectLoader(await readFile(signed));
  expect(isSigned).toBe(true);
  expect(grub?.modules).toContain('tftp');
  expect(grub?.modules).not.toContain('http');
  expect(sbat?.map(({ component }) => component)).toContain('grub.debian');
});
