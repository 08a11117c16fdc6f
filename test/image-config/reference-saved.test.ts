import { expect, it } from 'vitest';
import { parseReferenceSavedConfig, referenceSavedConfigPath } from '../../src/image-config/reference-saved.ts';
import { complaint } from './complaint.ts';

function read(text: string) {
  return parseReferenceSavedConfig(text, referenceSavedConfigPath);
}

it('takes up what the first version with PXE support saved', () => {
  const text = `iso:
    kernelCommandLine:
        extraCommandLine: rd.info 'ds=nocloud;s=x'
pxe:
    isoImageBaseUrl: http://my-pxe-server-1
    isoImageFileUrl: ""
os:
    dracutPackage:
        packageVersion: 102
        packageRelease: 7
`;
  const kernelArguments = ['rd.info', 'ds=nocloud;s=x'];
  expect(read(text)).toEqual({
    iso: { kernelArguments, additionalFiles: [] },
    pxe: { kernelArguments, additionalFiles: [], isoImageBaseUrl: 'http://my-pxe-server-1' },
  });
});

it('takes up what later versions saved', () => {
  const text = `liveos:
    kdumpBootFiles: keep
    kernelCommandLine:
        extraCommandLine:
            - console=tty0
            - console=ttyS0
pxe: {}
os:
    dracutPackage:
        PackageVersionComponents: [102]
        DistroName: azl
    selinuxRequestedMode: ""
    selinuxPolicyPackage: null
`;
  const both = { kernelArguments: ['console=tty0', 'console=ttyS0'], additionalFiles: [], kdumpBootFiles: 'keep' };
  expect(read(text)).toEqual({ iso: both, pxe: both });
});

it('finds nothing in settings that say nothing', () => {
  expect(read('')).toEqual({});
  const nothing = 'liveos: { kdumpBootFiles: null, kernelCommandLine: { extraCommandLine: [] } }';
  expect(read(`${nothing}\npxe: {}\nos: { dracutPackage: null }`)).toEqual({});
});

it('is not stopped by keys of versions to come', () => {
  expect(read('future: 1\nliveos: { more: {} }\npxe: { other: x }')).toEqual({});
});

it.each([
  ['pxe: { isoImageBaseUrl: "http://a", isoImageFileUrl: "http://a/b.iso" }', 'at the same time'],
  ['pxe: { isoImageFileUrl: "file:///a.iso" }', 'unsupported iso image URL protocol'],
  ['liveos: { kdumpBootFiles: all }', 'invalid kdumpBootFilesType value (all)'],
  [
    'iso: { kernelCommandLine: { extraCommandLine: "a=$b" } }',
    'the extraCommandLine value contains invalid characters',
  ],
  ['liveos: [a]', '"liveos" is a list'],
])('refuses what that tool would not have saved: %s', (text, reason) => {
  expect(complaint(() => read(text))).toContain(reason);
});
