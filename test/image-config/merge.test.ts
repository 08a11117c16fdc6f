import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import type { ImageConfig } from '../../src/image-config/config.ts';
import { mergeConfigs } from '../../src/image-config/merge.ts';
import { anyConfig } from './arbitrary.ts';
import { complaint } from './complaint.ts';

function pxe(config: Partial<NonNullable<ImageConfig['pxe']>>): ImageConfig {
  return { pxe: { kernelArguments: [], additionalFiles: [], ...config } };
}

it('flags say more than the file, and the file more than what was saved', () => {
  const saved: ImageConfig = {
    liveRoot: 'iso',
    volumeLabel: 'SAVED',
    inputPath: 'saved.iso',
    ...pxe({ kdumpBootFiles: 'keep' }),
  };
  const file: ImageConfig = { liveRoot: 'squashfs', volumeLabel: 'FILE', ...pxe({ initramfsType: 'bootstrap' }) };
  expect(mergeConfigs(saved, file, { volumeLabel: 'FLAGS' })).toEqual({
    liveRoot: 'squashfs',
    volumeLabel: 'FLAGS',
    inputPath: 'saved.iso',
    ...pxe({ kdumpBootFiles: 'keep', initramfsType: 'bootstrap' }),
  });
});

it('arguments of the kernel are added up; a double counts where it comes last', () => {
  const merged = mergeConfigs(
    pxe({ kernelArguments: ['quiet', 'console=tty0', 'a'] }),
    pxe({ kernelArguments: ['b', 'quiet'] }),
    pxe({ kernelArguments: ['c', 'b'] }),
  );
  expect(merged.pxe?.kernelArguments).toEqual(['console=tty0', 'a', 'quiet', 'c', 'b']);
});

it('additional files are added up by their destination', () => {
  const merged = mergeConfigs(
    {},
    pxe({
      additionalFiles: [
        { destination: 'a', content: '1' },
        { destination: 'b', source: 'b' },
      ],
    }),
    pxe({ additionalFiles: [{ destination: 'a', source: 'x', permissions: 0o600 }] }),
  );
  expect(merged.pxe?.additionalFiles).toEqual([
    { destination: 'b', source: 'b' },
    { destination: 'a', source: 'x', permissions: 0o600 },
  ]);
});

it('a URL replaces one of any kind that was given earlier', () => {
  const saved = pxe({ bootstrapBaseUrl: 'http://a' });
  const file = pxe({ isoImageFileUrl: 'http://b/b.iso' });
  expect(mergeConfigs(saved, file, {})).toEqual(file);
  expect(mergeConfigs(file, saved, {})).toEqual(saved);
  expect(mergeConfigs({}, saved, file)).toEqual(file);
  expect(mergeConfigs(saved, {}, pxe({ kernelArguments: ['a'] })).pxe?.bootstrapBaseUrl).toBe('http://a');
});

it('discs and the network have settings of their own', () => {
  const iso = { iso: { kernelArguments: ['a'], additionalFiles: [] } };
  expect(mergeConfigs(iso, pxe({ kernelArguments: ['b'] }), {})).toEqual({
    ...iso,
    ...pxe({ kernelArguments: ['b'] }),
  });
});

describe('a URL and a system that is in its initrd as a whole', () => {
  it('are refused where the file and the flags ask for both', () => {
    const url = pxe({ isoImageBaseUrl: 'http://a' });
    const fullOs = pxe({ initramfsType: 'full-os' });
    const text =
      "cannot specify either 'isoImageBaseUrl' or 'isoImageFileUrl' when the initramfs type is set to 'full-os'";
    expect(complaint(() => mergeConfigs({}, fullOs, url))).toContain(text);
    expect(complaint(() => mergeConfigs({}, url, fullOs))).toContain(text);
  });

  it('are no contradiction where one of them was saved', () => {
    const saved = pxe({ bootstrapBaseUrl: 'http://a' });
    expect(mergeConfigs(saved, pxe({ initramfsType: 'full-os' }), {})).toEqual(
      pxe({ bootstrapBaseUrl: 'http://a', initramfsType: 'full-os' }),
    );
  });
});

function mergedOrRefused(...configs: [ImageConfig, ImageConfig, ImageConfig]): ImageConfig | undefined {
  try {
    return mergeConfigs(...configs);
  } catch (error) {
    if (hasCode(error, 'IMAGE_YAML_URL_FOR_FULL_OS')) return undefined;
    throw error;
  }
}

describe('whatever is merged', () => {
  it('merging again changes nothing', () => {
    fc.assert(
      fc.property(anyConfig, anyConfig, (earlier, later) => {
        const merged = mergeConfigs(earlier, later, {});
        expect(mergeConfigs(merged, later, {})).toEqual(merged);
        expect(mergeConfigs(later, later, {})).toEqual(later);
        expect(mergeConfigs(merged, {}, {})).toEqual(merged);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('it does not matter what is merged first', () => {
    fc.assert(
      fc.property(anyConfig, anyConfig, anyConfig, (first, second, third) => {
        const together = mergedOrRefused(first, second, third);
        const oneByOne = mergeConfigs(mergeConfigs(first, second, {}), third, {});
        if (together !== undefined) expect(together).toEqual(oneByOne);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
