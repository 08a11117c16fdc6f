// The rules of src/README.md, "What may import what". `npm run deps` checks them.
const pure = [
  '^src/wire/',
  // All but those that hold a socket: server.ts, the client with its line, and who looks for other servers.
  '^src/dhcp/(?!server\\.ts$|client\\.ts$|client-line\\.ts$|look\\.ts$)',
  '^src/dhcp6/(?!server\\.ts$)',
  '^src/tftp/(names|netascii|options|packet|patience|reception|transfer)\\.ts$',
  '^src/http/(pace|places|range)\\.ts$',
  '^src/grub/',
  '^src/image-config/',
  '^src/boot/(architectures|firmware|plan|shapes)\\.ts$',
  '^src/release/(recognise|settings|links|live-url)\\.ts$',
];

/** What reads bytes that it is given. */
const readers = '^src/(iso/|inspect/(?!inspect\\.ts$|live-url\\.ts$))';
/** Parts of the builder, which `release` puts together. */
const parts = '^src/(input|initramfs|grub|image-config|disc)/';

module.exports = {
  forbidden: [
    {
      name: 'pure-parts-decide-and-touch-nothing',
      severity: 'error',
      from: { path: pure },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-parts-import-no-platform',
      severity: 'error',
      from: { path: pure },
      to: { path: '^src/(platform|store|cli|http)/' },
    },
    {
      name: 'dhcp-imports-no-other-protocol',
      severity: 'error',
      from: { path: '^src/dhcp/' },
      to: { path: '^src/(dhcp6|tftp|http)/' },
    },
    {
      name: 'dhcp6-imports-no-other-protocol',
      severity: 'error',
      from: { path: '^src/dhcp6/' },
      to: { path: '^src/(dhcp|tftp|http)/' },
    },
    {
      name: 'tftp-imports-no-other-protocol',
      severity: 'error',
      from: { path: '^src/tftp/' },
      to: { path: '^src/(dhcp6?|http)/' },
    },
    {
      name: 'http-imports-no-other-protocol',
      severity: 'error',
      from: { path: '^src/http/' },
      to: { path: '^src/(dhcp6?|tftp)/' },
    },
    {
      name: 'readers-open-nothing',
      severity: 'error',
      from: { path: readers },
      to: { path: '^(node:)?(fs|child_process|net|http|https|os)(/|$)|^src/platform/files-node|node_modules/execa/' },
    },
    {
      name: 'iso-knows-nothing-of-the-builder',
      severity: 'error',
      from: { path: '^src/iso/' },
      to: { path: [parts, '^src/(release|inspect|boot)/'] },
    },
    {
      name: 'parts-of-the-builder-meet-in-release',
      severity: 'error',
      from: { path: parts },
      to: { path: [parts, '^src/inspect/'], pathNot: ['^src/$1/', '^src/grub/version-order\\.ts$'] },
    },
    {
      name: 'the-builder-imports-no-protocol',
      severity: 'error',
      from: { path: [parts, '^src/(release|inspect|iso)/'] },
      to: { path: '^src/(dhcp6?|tftp|http)/' },
    },
    {
      name: 'protocols-import-nothing-of-the-builder',
      severity: 'error',
      from: { path: '^src/(dhcp6?|tftp|http)/' },
      to: { path: [parts, '^src/(release|inspect|iso)/'] },
    },
    {
      name: 'only-the-root-and-the-commands-put-things-together',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|serve/|bootwright\\.ts$)' },
      to: { path: '^src/(cli/|serve/|bootwright\\.ts$)' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-in-src-imports-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|benchmarks)/' },
    },
    {
      name: 'src-imports-no-development-dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
