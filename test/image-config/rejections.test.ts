import { describe, expect, it } from 'vitest';
import { parseImageConfig } from '../../src/image-config/parse.ts';
import { complaint } from './complaint.ts';

function refusal(text: string): string {
  return complaint(() => parseImageConfig(text, 'image.yaml'));
}

describe('what Azure Linux Image Customizer rejects is rejected in its words', () => {
  it('two URLs at once', () => {
    expect(refusal('pxe:\n  bootstrapBaseUrl: http://a/b\n  bootstrapFileUrl: http://a/b.iso\n')).toContain(
      "IMAGE_YAML_TWO_URLS: image.yaml, line 3, column 21: cannot specify both 'bootstrapBaseUrl' and 'bootstrapFileUrl' at the same time",
    );
    expect(refusal('pxe:\n  isoImageFileUrl: http://a/b.iso\n  isoImageBaseUrl: http://a/b\n')).toContain(
      "cannot specify both 'isoImageBaseUrl' and 'isoImageFileUrl' at the same time",
    );
  });

  it('a URL for a system that is in its initrd as a whole', () => {
    for (const key of ['bootstrapBaseUrl', 'bootstrapFileUrl']) {
      expect(refusal(`pxe: { initramfsType: full-os, ${key}: "http://a/b.iso" }`)).toContain(
        "cannot specify either 'bootstrapBaseUrl' or 'bootstrapFileUrl' when the initramfs type is set to 'full-os'",
      );
    }
  });

  it.each(['file:///live.iso', 'live.iso', 'HTTP://a/b.iso', ' http://a/b.iso', 'torrent://a/b.iso', 'http:/a/b.iso'])(
    'a URL without a protocol that dracut fetches by: %s',
    (url) => {
      for (const key of ['bootstrapBaseUrl', 'bootstrapFileUrl', 'isoImageBaseUrl', 'isoImageFileUrl']) {
        expect(refusal(`pxe: { ${key}: "${url}" }`)).toContain(
          `unsupported iso image URL protocol in (${url}). One of ([ftp:// http:// https:// nfs:// tftp://]) is expected`,
        );
      }
    },
  );

  it.each(['http://', 'http:///live.iso', 'http://a:b/live.iso', 'http://a/b.iso\\n', 'http://a/b.iso '])(
    'what is no URL at all: %s',
    (url) => expect(refusal(`pxe: { bootstrapFileUrl: "${url}" }`)).toContain('invalid URL value ('),
  );

  it('an unknown type of initramfs', () => {
    expect(refusal('pxe:\n  initramfsType: bootstarp\n')).toBe(
      'IMAGE_YAML_BAD_INITRAMFS_TYPE: image.yaml, line 2, column 18: invalid initramfs image type (bootstarp). Give bootstrap or full-os, or leave the key out to keep what the image has.',
    );
    expect(refusal('iso: { initramfsType: Full-OS }')).toContain('invalid initramfs image type (Full-OS)');
  });

  it('unknown kdumpBootFiles, an empty text among them', () => {
    expect(refusal('iso: { kdumpBootFiles: all }')).toContain('invalid kdumpBootFilesType value (all)');
    expect(refusal('pxe: { kdumpBootFiles: "" }')).toContain('invalid kdumpBootFilesType value ()');
  });

  it('an unknown output format', () => {
    expect(refusal('output: { image: { format: pxe } }')).toContain('invalid image format type (pxe)');
  });

  it('an empty argument of the kernel', () => {
    const words = 'kernelCommandLine: { extraCommandLine: [quiet, ""] }';
    const text = 'invalid kernelCommandLine: kernel argument cannot be empty at index 1';
    expect(refusal(`iso: { ${words} }`)).toContain(text);
    expect(refusal(`pxe: { ${words} }`)).toContain(text);
  });
});

describe('what is rejected besides', () => {
  it('an old and a new URL at once', () => {
    expect(refusal('pxe: { isoImageBaseUrl: "http://a/b", bootstrapFileUrl: "http://a/b.iso" }')).toContain(
      "cannot specify both 'bootstrapFileUrl' and 'isoImageBaseUrl' at the same time",
    );
  });

  it.each(['http://a/', 'http://a', 'http://a/b/..', 'http://a/b%2Fc.iso', 'http://a/?x.iso', 'http://a/%ff.iso'])(
    'a file URL that ends in no name: %s',
    (url) =>
      expect(refusal(`pxe: { bootstrapFileUrl: "${url}" }`)).toContain('it ends in no name that a file can have'),
  );

  it.each(['', 'two words', 'a'.repeat(33), '-a', 'é', 'a/b'])('the volume label "%s"', (label) => {
    expect(refusal(`iso: { volumeLabel: "${label}" }`)).toContain(' is not a good value of "iso.volumeLabel"');
  });

  it('a live root that is neither the ISO nor the squashfs', () => {
    expect(refusal('liveRoot: rootfs')).toBe(
      'IMAGE_YAML_BAD_CHOICE: image.yaml, line 1, column 11: "rootfs" is not a good value of "liveRoot". It must be iso or squashfs.',
    );
  });
});

describe('keys that nobody knows', () => {
  it.each([
    ['pxe:\n  bootstrapBaseURL: x\n', 'line 2, column 3', 'pxe.bootstrapBaseURL', 'pxe.bootstrapBaseUrl'],
    ['bootstrapFileUrl: x\n', 'line 1, column 1', 'bootstrapFileUrl', 'pxe.bootstrapFileUrl'],
    ['pxe:\n  volumeLabel: x\n', 'line 2, column 3', 'pxe.volumeLabel', 'iso.volumeLabel'],
    ['px: {}\n', 'line 1, column 1', 'px', 'pxe'],
    ['outptu: {}\n', 'line 1, column 1', 'outptu', 'output'],
    [
      'iso:\n  kernelCommandLine:\n    extra: [a]\n',
      'line 3, column 5',
      'iso.kernelCommandLine.extra',
      'iso.kernelCommandLine',
    ],
    ['__proto__: {}\n', 'line 1, column 1', '__proto__', undefined],
    ['pxe: { constructor: x }\n', 'line 1, column 8', 'pxe.constructor', undefined],
    ['1: {}\n', 'line 1, column 1', '1', undefined],
  ])('%j', (text, place, key, nearest) => {
    expect(refusal(text)).toContain(`IMAGE_YAML_UNKNOWN_KEY: image.yaml, ${place}: there is no setting "${key}"`);
    if (nearest !== undefined) expect(refusal(text)).toContain(`The nearest one is "${nearest}`);
  });

  it('also in a file of additionalFiles', () => {
    expect(refusal('pxe:\n  additionalFiles:\n  - destination: a\n    contents: x\n')).toBe(
      'IMAGE_YAML_UNKNOWN_KEY: image.yaml, line 4, column 5: there is no setting "pxe.additionalFiles.contents". The nearest one is "pxe.additionalFiles.content"; docs/reference/image-yaml.md explains them all.',
    );
  });
});

describe('values of the wrong kind', () => {
  it.each([
    ['hello', '"the configuration" is the text "hello". It must be a section'],
    ['[a]', '"the configuration" is a list. It must be a section'],
    ['pxe: [a]', '"pxe" is a list. It must be a section'],
    ['pxe: bootstrap', '"pxe" is the text "bootstrap". It must be a section'],
    ['pxe: { bootstrapBaseUrl: [a] }', '"pxe.bootstrapBaseUrl" is a list. It must be text'],
    ['pxe: { kernelCommandLine: quiet }', '"pxe.kernelCommandLine" is the text "quiet". It must be a section'],
    ['pxe: { kernelCommandLine: { extraCommandLine: { a: b } } }', 'It must be a list of kernel arguments'],
    ['pxe: { kernelCommandLine: { extraCommandLine: [[a]] } }', 'It must be a list of texts'],
    ['pxe: { additionalFiles: a }', '"pxe.additionalFiles" is the text "a". It must be a list of files'],
    ['pxe: { additionalFiles: [a] }', '"pxe.additionalFiles[0]" is the text "a". It must be a section'],
    [
      'pxe: { additionalFiles: [{ destination: [a] }] }',
      '"pxe.additionalFiles[0].destination" is a list. It must be text',
    ],
  ])('%s', (text, problem) => expect(refusal(text)).toContain(problem));
});
