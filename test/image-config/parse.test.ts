import { expect, it } from 'vitest';
import { parseImageConfig } from '../../src/image-config/parse.ts';

const name = 'image.yaml';

function configOf(text: string | Uint8Array) {
  return parseImageConfig(text, name).config;
}

it('takes a whole configuration of Azure Linux Image Customizer as it is', () => {
  const text = `
previewFeatures:
- kdump-boot-files
input:
  image:
    path: in/azl3.iso
iso:
  initramfsType: bootstrap
  kernelCommandLine:
    extraCommandLine:
    - "ds=nocloud"
  additionalFiles:
  - source: files/user-data
    destination: /cloud-init-data/user-data
  - content: |
      instance-id: live
    destination: /cloud-init-data/meta-data
    permissions: "600"
pxe:
  initramfsType: full-os
  kdumpBootFiles: keep
os:
  hostname: worker
  selinux:
    mode: disabled
scripts:
  postCustomization:
  - content: echo done
output:
  image:
    path: out
    format: pxe-dir
`;
  expect(parseImageConfig(text, name)).toEqual({
    config: {
      inputPath: 'in/azl3.iso',
      outputPath: 'out',
      outputFormat: 'pxe-dir',
      iso: {
        initramfsType: 'bootstrap',
        kernelArguments: ['ds=nocloud'],
        additionalFiles: [
          { destination: 'cloud-init-data/user-data', source: 'files/user-data' },
          { destination: 'cloud-init-data/meta-data', content: 'instance-id: live\n', permissions: 0o600 },
        ],
      },
      pxe: { initramfsType: 'full-os', kdumpBootFiles: 'keep', kernelArguments: [], additionalFiles: [] },
    },
    ignored: ['previewFeatures', 'os', 'scripts'],
  });
});

it('takes a configuration of the first version with PXE support as it is', () => {
  const text = `
pxe:
  isoImageBaseUrl: http://10.0.0.1/iso
iso:
  additionalFiles:
  - source: files/a.txt
    destination: /a.txt
  kernelCommandLine:
    extraCommandLine: rd.info console=ttyS0
os:
  packages:
    install: [squashfs-tools, tar]
`;
  expect(parseImageConfig(text, name)).toEqual({
    config: {
      pxe: { isoImageBaseUrl: 'http://10.0.0.1/iso', kernelArguments: [], additionalFiles: [] },
      iso: {
        kernelArguments: ['rd.info', 'console=ttyS0'],
        additionalFiles: [{ destination: 'a.txt', source: 'files/a.txt' }],
      },
    },
    ignored: ['os'],
  });
});

it.each(['bootstrapBaseUrl', 'bootstrapFileUrl', 'isoImageBaseUrl', 'isoImageFileUrl'])('reads pxe.%s', (key) => {
  const url = 'tftp://10.0.0.1/live/a.iso';
  expect(configOf(`pxe: { ${key}: ${url} }`)).toEqual({
    pxe: { [key]: url, kernelArguments: [], additionalFiles: [] },
  });
});

it.each(['iso', 'pxe'] as const)('reads the initramfsType and the kdumpBootFiles of %s', (section) => {
  for (const initramfsType of ['bootstrap', 'full-os'] as const) {
    expect(configOf(`${section}: { initramfsType: ${initramfsType} }`)[section]).toMatchObject({ initramfsType });
  }
  for (const kdumpBootFiles of ['none', 'keep'] as const) {
    expect(configOf(`${section}: { kdumpBootFiles: ${kdumpBootFiles} }`)[section]).toMatchObject({ kdumpBootFiles });
  }
});

it('reads the keys that are our own', () => {
  expect(configOf('liveRoot: squashfs\niso:\n  volumeLabel: LIVE_42\n')).toEqual({
    liveRoot: 'squashfs',
    volumeLabel: 'LIVE_42',
  });
});

it.each(['iso', 'pxe-dir', 'pxe-tar'])('reads the output format %s', (format) => {
  expect(configOf(`output: { image: { format: ${format} } }`)).toEqual({ outputFormat: format });
});

it.each(['vhd', 'vhd-fixed', 'vhdx', 'qcow2', 'raw', 'cosi', 'baremetal-image'])(
  'names the output format %s as not acted upon, and the path that is meant for it',
  (format) => {
    expect(parseImageConfig(`output: { image: { format: ${format}, path: out.${format} } }`, name)).toEqual({
      config: {},
      ignored: ['output.image.format', 'output.image.path'],
    });
  },
);

it('names every key of the other tool that it does not act upon, by its full name', () => {
  const text = `
input: { image: { azureLinux: { version: "3.0" }, oci: { uri: x } } }
storage: { bootType: efi }
os: { hostname: x }
scripts: { postCustomization: [] }
previewFeatures: [uki]
output:
  image: { cosi: { compression: { level: 9 } } }
  artifacts: { items: [ukis], path: out }
  selinuxPolicyPath: policy
baseConfigs: [{ path: base.yaml }]
pxe: { additionalFiles: [{ destination: a, content: x, sha256hash: abc }] }
`;
  expect(parseImageConfig(text, name).ignored).toEqual([
    'input.image.azureLinux',
    'input.image.oci',
    'storage',
    'os',
    'scripts',
    'previewFeatures',
    'output.image.cosi',
    'output.artifacts',
    'output.selinuxPolicyPath',
    'baseConfigs',
    'pxe.additionalFiles.sha256hash',
  ]);
});

it.each([
  ['nothing', ''],
  ['only comments', '# pxe:\n#   initramfsType: bootstrap\n'],
  ['an empty section', '{}'],
  ['sections and keys that say nothing', 'pxe:\niso: {}\nos: ~\nliveRoot: null\noutput: { image: }\n'],
  ['keys with empty texts', 'pxe: { initramfsType: "", bootstrapBaseUrl: "" }\noutput: { image: { format: "" } }'],
  ['empty lists', 'pxe: { additionalFiles: [], kernelCommandLine: { extraCommandLine: [] } }'],
])('asks for nothing where the file holds %s', (_, text) => {
  expect(parseImageConfig(text, name)).toEqual({ config: {}, ignored: [] });
});

it('reads JSON, which is YAML', () => {
  const text = JSON.stringify({ pxe: { initramfsType: 'bootstrap', bootstrapFileUrl: 'http://a/b.iso' } });
  expect(configOf(text).pxe).toMatchObject({ initramfsType: 'bootstrap', bootstrapFileUrl: 'http://a/b.iso' });
});

it('reads the bytes of a file, with a byte order mark and with line ends of Windows', () => {
  const bytes = new TextEncoder().encode('\u{feff}liveRoot: iso\r\niso:\r\n  volumeLabel: "A"\r\n');
  expect(configOf(bytes)).toEqual({ liveRoot: 'iso', volumeLabel: 'A' });
});

it('follows anchors, aliases and merges', () => {
  const text = `
iso: &both
  initramfsType: bootstrap
  kernelCommandLine: &line
    extraCommandLine: [quiet]
pxe:
  <<: *both
  kernelCommandLine: { extraCommandLine: [debug] }
`;
  expect(configOf(text)).toEqual({
    iso: { initramfsType: 'bootstrap', kernelArguments: ['quiet'], additionalFiles: [] },
    pxe: { initramfsType: 'bootstrap', kernelArguments: ['debug'], additionalFiles: [] },
  });
});

it('takes every scalar as the text that stands there', () => {
  const text = 'iso: { kernelCommandLine: { extraCommandLine: [0x10, true, 1.50, 2024-01-01, !!str null] } }';
  expect(configOf(text).iso?.kernelArguments).toEqual(['0x10', 'true', '1.50', '2024-01-01', 'null']);
});
