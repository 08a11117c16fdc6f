import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseImageConfig } from '../../src/image-config/parse.ts';
import { formatSavedConfig, parseSavedConfig, savedConfigPath } from '../../src/image-config/saved.ts';
import { savable } from './arbitrary.ts';
import { complaint } from './complaint.ts';

it('whatever was saved is read back the same, and is a configuration of a build itself', () => {
  fc.assert(
    fc.property(savable, (config) => {
      const text = formatSavedConfig(config);
      expect(parseSavedConfig(text, savedConfigPath)).toEqual(config);
      expect(parseImageConfig(text, savedConfigPath)).toEqual({ config, ignored: [] });
      expect(formatSavedConfig(parseSavedConfig(text, savedConfigPath))).toBe(text);
    }),
    { seed: 2, numRuns: 300 },
  );
});

it('is written in a way that a person can read', () => {
  const text = formatSavedConfig({
    volumeLabel: 'LIVE_42',
    liveRoot: 'squashfs',
    pxe: {
      bootstrapBaseUrl: 'http://10.0.0.1/live',
      initramfsType: 'bootstrap',
      kernelArguments: ['quiet', 'dyndbg=file x'],
      additionalFiles: [],
    },
  });
  expect(text).toBe(`# The settings that this was built with. Building from it takes them up again.
liveRoot: "squashfs"
iso:
  volumeLabel: "LIVE_42"
pxe:
  initramfsType: "bootstrap"
  bootstrapBaseUrl: "http://10.0.0.1/live"
  kernelCommandLine:
    extraCommandLine:
      - "quiet"
      - "\\"dyndbg=file x\\""
`);
});

it('does not depend on the order in which settings came together', () => {
  const iso = { kernelArguments: ['a'], additionalFiles: [], initramfsType: 'bootstrap' } as const;
  const reversed = { initramfsType: 'bootstrap', additionalFiles: [], kernelArguments: ['a'] } as const;
  expect(formatSavedConfig({ iso, liveRoot: 'iso' })).toBe(formatSavedConfig({ liveRoot: 'iso', iso: reversed }));
});

it('keeps no path and no file of the machine that built it', () => {
  const text = formatSavedConfig({
    inputPath: '/home/me/in.iso',
    outputPath: 'out',
    outputFormat: 'iso',
    iso: { kernelArguments: [], additionalFiles: [{ destination: 'a', source: '/etc/secret' }] },
  });
  expect(parseSavedConfig(text, savedConfigPath)).toEqual({});
});

it('keeps no URL for a system that is in its initrd as a whole', () => {
  const pxe = {
    initramfsType: 'full-os',
    bootstrapBaseUrl: 'http://a/b',
    kernelArguments: [],
    additionalFiles: [],
  } as const;
  expect(parseSavedConfig(formatSavedConfig({ pxe }), savedConfigPath).pxe).toEqual({
    initramfsType: 'full-os',
    kernelArguments: [],
    additionalFiles: [],
  });
});

describe('settings in an image of a stranger', () => {
  it.each([
    [
      'a file of this machine',
      'pxe: { additionalFiles: [{ destination: a, source: /etc/shadow }] }',
      'pxe.additionalFiles',
    ],
    ['contents', 'iso: { additionalFiles: [{ destination: a, content: x }] }', 'iso.additionalFiles'],
    ['an input', 'input: { image: { path: /dev/sda } }', 'inputPath'],
    ['an output', 'output: { image: { path: /etc } }', 'outputPath'],
    ['a format', 'output: { image: { format: iso } }', 'outputFormat'],
    ['scripts', 'scripts: { postCustomization: [] }', 'scripts'],
  ])('name no %s', (_, text, key) => {
    expect(complaint(() => parseSavedConfig(text, savedConfigPath))).toContain(
      `SAVED_SETTINGS_FOREIGN: bootwright/image.yaml: the settings inside the image name "${key}"`,
    );
  });
});
