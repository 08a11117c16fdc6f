import { expect, it } from 'vitest';
import type { ImageConfig } from '../../src/image-config/config.ts';
import { isoLocation } from '../../src/image-config/iso-location.ts';
import { complaint } from './complaint.ts';

function location(pxe: Partial<NonNullable<ImageConfig['pxe']>> | undefined) {
  const config = pxe === undefined ? {} : { pxe: { kernelArguments: [], additionalFiles: [], ...pxe } };
  return isoLocation(config, 'azl 3.iso');
}

it('without a URL, the ISO keeps its name', () => {
  expect(location(undefined)).toEqual({ file: 'azl 3.iso', url: undefined });
  expect(location({})).toEqual({ file: 'azl 3.iso', url: undefined });
});

it.each([
  ['http://10.0.0.1', 'http://10.0.0.1/azl%203.iso'],
  ['http://10.0.0.1/live//', 'http://10.0.0.1/live/azl%203.iso'],
  ['http://10.0.0.1/live?token=1#x', 'http://10.0.0.1/live/azl%203.iso?token=1#x'],
])('below isoImageBaseUrl %s, under its own name', (isoImageBaseUrl, url) => {
  expect(location({ isoImageBaseUrl })).toEqual({ file: 'azl 3.iso', url });
});

it('below bootstrapBaseUrl it is image.iso', () => {
  expect(location({ bootstrapBaseUrl: 'https://h/live/' })).toEqual({
    file: 'image.iso',
    url: 'https://h/live/image.iso',
  });
});

it.each(['isoImageFileUrl', 'bootstrapFileUrl'])('with %s it is called as the URL ends', (key) => {
  const url = 'tftp://h/live/my%20live.iso?token=1';
  expect(location({ [key]: url })).toEqual({ file: 'my live.iso', url });
});

it('a system that is in its initrd as a whole fetches nothing', () => {
  expect(location({ initramfsType: 'full-os', bootstrapBaseUrl: 'http://a' })).toEqual({
    file: 'azl 3.iso',
    url: undefined,
  });
});

it('a URL that nobody checked before is checked', () => {
  expect(complaint(() => location({ bootstrapFileUrl: 'file:///a.iso' }))).toContain(
    'IMAGE_YAML_URL_PROTOCOL: the URL of the ISO: unsupported iso image URL protocol in (file:///a.iso)',
  );
  expect(complaint(() => location({ isoImageFileUrl: 'http://a/' }))).toContain('it ends in no name');
  expect(complaint(() => location({ isoImageBaseUrl: 'http://' }))).toContain('it names no server');
});
