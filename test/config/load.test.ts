import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlagKey } from '../../src/config/flags.ts';
import { loadSettings } from '../../src/config/load.ts';
import { BootwrightError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'bootwright-config-'));
const path = join(folder, 'bootwright.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string, environment: Record<string, string> = {}, flags: Partial<Record<FlagKey, string>> = {}) {
  writeFileSync(path, text);
  return loadSettings(path, environment, flags);
}

/** The error that a person gets for a configuration, as code and line of text. */
function complaint(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof BootwrightError)
      return `${error.code}: ${error.message}. ${error.remedy}`.replace(path, 'FILE');
    throw error;
  }
  return 'nothing';
}

describe('without a file', () => {
  it('everything has a default, and folders are where the command runs', () => {
    expect(loadSettings(undefined, {}, {})).toEqual({
      root: resolve('pxe-root'),
      images: resolve('images'),
      dhcp: { port: 67, leaseSeconds: 3600, dns: [], ntp: [], probe: true, lookSeconds: 4 },
      dhcp6: { leaseSeconds: 3600, dns: [], ntp: [] },
      networks: [],
      firmware: {},
      tftp: { port: 69, maxTransfers: 1024, maxPerMachine: 16, singlePort: false },
      http: { port: 80, cacheMiB: 96, maxTransfers: 64, maxPerMachine: 8 },
      https: { port: 443 },
      build: { kernelArguments: [] },
      log: { format: 'auto', level: 'info' },
      stopSeconds: 30,
    });
  });
});

describe('what comes from where', () => {
  const text = 'http:\n  port: 8001\ndhcp:\n  dns: [10.0.0.1]\n';

  it('the environment says more than the file, and a flag more than both', () => {
    expect(load(text).http.port).toBe(8001);
    expect(load(text, { BOOTWRIGHT_HTTP_PORT: '8002' }).http.port).toBe(8002);
    expect(load(text, { BOOTWRIGHT_HTTP_PORT: '8002' }, { 'http.port': '8003' }).http.port).toBe(8003);
  });

  it('one key of a section does not hide the others', () => {
    const { dhcp } = load(text, { BOOTWRIGHT_DHCP_RANGE: '10.0.0.2-10.0.0.9' });
    expect(dhcp).toMatchObject({ dns: ['10.0.0.1'], range: '10.0.0.2-10.0.0.9', port: 67 });
  });

  it('a list in a flag is divided by commas', () => {
    expect(load(text, {}, { 'dhcp.dns': '10.0.0.2, 10.0.0.3' }).dhcp.dns).toEqual(['10.0.0.2', '10.0.0.3']);
  });

  it('an empty variable is none, as container files set them', () => {
    expect(load(text, { BOOTWRIGHT_HTTP_PORT: '', BOOTWRIGHT_INTERFACE: '' }).http.port).toBe(8001);
  });

  it('folders in the file are relative to the file; in a flag, to where the command runs', () => {
    const settings = load('root: served\nimages: ../isos\n', {}, { images: 'mine' });
    expect(settings.root).toBe(join(folder, 'served'));
    expect(settings.images).toBe(resolve('mine'));
    expect(load('images: /srv/isos\n').images).toBe('/srv/isos');
    const { https } = load('https: { certificate: tls/a.pem }\n', {}, { 'https.key': 'a.key' });
    expect(https).toEqual({ port: 443, certificate: join(folder, 'tls/a.pem'), key: resolve('a.key') });
  });

  it('true and false are understood in a variable, and nothing else in their place', () => {
    expect(load('', { BOOTWRIGHT_TFTP_SINGLEPORT: 'true' }).tftp.singlePort).toBe(true);
    expect(load('tftp: { singlePort: true }', {}, { 'tftp.singlePort': 'false' }).tftp.singlePort).toBe(false);
    expect(complaint(() => load('', { BOOTWRIGHT_TFTP_SINGLEPORT: 'yes' }))).toContain('BOOTWRIGHT_TFTP_SINGLEPORT');
  });

  it('a section of which every line is commented out is as good as none', () => {
    expect(load('dhcp:\n  # port: 67\ntftp:\n').dhcp.port).toBe(67);
    expect(load('', {}, {}).dhcp.port).toBe(67);
  });
});

it('nobody can change settings once they are read', () => {
  const settings = load('dhcp:\n  dns: [10.0.0.1]\n');
  const parts = [settings, settings.dhcp, settings.dhcp.dns, settings.build.kernelArguments, settings.log];
  expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
});

describe('what is refused, and what a person reads then', () => {
  it.each([
    [
      'dhcp:\n  port: 67\n  rnage: 10.0.0.2-10.0.0.9\n',
      'CONFIG_UNKNOWN_KEY: FILE, line 3: there is no setting "dhcp.rnage". The nearest one is "dhcp.range"; bootwright.example.yaml explains them all.',
    ],
    [
      'root: x\n\nrange: 10.0.0.2-10.0.0.9\n',
      'CONFIG_UNKNOWN_KEY: FILE, line 3: there is no setting "range". The nearest one is "dhcp.range"; bootwright.example.yaml explains them all.',
    ],
    ['htpp:\n  port: 80\n', 'CONFIG_UNKNOWN_KEY: FILE, line 1: there is no setting "htpp". The nearest one is "http"'],
    ['a/b~c: 1\n', 'CONFIG_UNKNOWN_KEY: FILE, line 1: there is no setting "a/b~c".'],
    ['__proto__:\n  root: x\n', 'CONFIG_UNKNOWN_KEY: FILE, line 1: there is no setting "__proto__".'],
    ['constructor: 1\n', 'CONFIG_UNKNOWN_KEY: FILE, line 1: there is no setting "constructor".'],
    [
      'http:\n  port: 80800\n',
      'CONFIG_BAD_VALUE: FILE, line 2: 80800 is not a good value of "http.port". It must be a port from 1 to 65535.',
    ],
    ['http:\n  port: "80"\n', 'CONFIG_BAD_VALUE: FILE, line 2: "80" is not a good value of "http.port".'],
    ['http: 80\n', 'CONFIG_BAD_VALUE: FILE, line 1: 80 is not a good value of "http". It must be a section'],
    ['interface:\n', 'CONFIG_BAD_VALUE: FILE, line 1: null is not a good value of "interface".'],
    ['root: ""\n', 'CONFIG_BAD_VALUE: FILE, line 1: "" is not a good value of "root". It must be a folder.'],
    ['dhcp:\n  port: 65535\n', 'CONFIG_BAD_VALUE: FILE, line 2: 65535 is not a good value of "dhcp.port".'],
    ['dhcp:\n  range: all\n', 'CONFIG_BAD_VALUE: FILE, line 2: "all" is not a good value of "dhcp.range".'],
    [
      'dhcp:\n  dns:\n    - 10.0.0.1\n    - 10.0.0.256\n',
      'CONFIG_BAD_VALUE: FILE, line 4: "10.0.0.256" is not a good value of "dhcp.dns". It must be an IPv4 address.',
    ],
    ['dhcp:\n  mode: on\n', 'FILE, line 2: "on" is not a good value of "dhcp.mode". It must be server, proxy or off.'],
    [
      'dhcp:\n  routes:\n    - 10.1.0.0/33 via 10.0.0.1\n',
      'FILE, line 3: "10.1.0.0/33 via 10.0.0.1" is not a good value of "dhcp.routes". It must be a route, such as "10.1.0.0/16 via 10.0.0.254".',
    ],
    [
      'dhcp:\n  reservations:\n    - mac: 52:54\n      address: 10.0.0.5\n',
      'FILE, line 3: "52:54" is not a good value of "dhcp.reservations.0.mac". It must be such as 52:54:00:12:34:56.',
    ],
    [
      'networks:\n  - interface: eth1\n    dhcp: { rnage: 10.0.0.2-10.0.0.9 }\n',
      'FILE, line 3: there is no setting "networks.0.dhcp.rnage". The nearest one is "networks.dhcp.range"',
    ],
    [
      'firmware:\n  boss: { file: release }\n',
      'FILE, line 2: there is no setting "firmware.boss". The nearest one is "firmware.bios"',
    ],
    [
      'firmware:\n  bios: { file: ../x }\n',
      'FILE, line 2: "../x" is not a good value of "firmware.bios.file". It must be "release"',
    ],
    [
      'log:\n  level: loud\n',
      'CONFIG_BAD_VALUE: FILE, line 2: "loud" is not a good value of "log.level". It must be debug, info, warn or error.',
    ],
    ['dhcp:\n\tport: 67\n', 'CONFIG_NOT_YAML: FILE, line 2: Tabs are not allowed as indentation.'],
    ['root: a\nroot: b\n', 'CONFIG_NOT_YAML: FILE, line 2: Map keys must be unique.'],
    ['- root\n', 'CONFIG_NOT_YAML: FILE, line 1: it holds no keys.'],
    ['root: &x a\nimages: *x\n', 'CONFIG_NOT_YAML: FILE, line 2: "*x" repeats another value; write it out.'],
    ['? [a, b]\n: c\n', 'CONFIG_NOT_YAML: FILE, line 1: a key must be a word.'],
    ['root: a\nimages: !iso b\n', 'CONFIG_NOT_YAML: FILE, line 2: Unresolved tag: !iso.'],
    ['root: a\n---\nroot: b\n', 'CONFIG_NOT_YAML: FILE, line 2: Source contains multiple documents'],
  ])('%j', (text, expected) => {
    expect(complaint(() => load(text))).toContain(expected);
  });

  it('a value of a flag or of the environment, by the name that was used', () => {
    expect(complaint(() => load('', {}, { 'http.port': 'eighty' }))).toBe(
      'CONFIG_BAD_VALUE: --http-port: "eighty" is not a good value of "http.port". It must be a port from 1 to 65535.',
    );
    expect(complaint(() => load('', { BOOTWRIGHT_DHCP_DNS: '10.0.0.1,here' }))).toContain(
      'BOOTWRIGHT_DHCP_DNS: "here"',
    );
    expect(complaint(() => load('', {}, { root: '' }))).toContain('--root: "" is not a good value');
  });

  it('a fault of the file, also where a flag says otherwise', () => {
    expect(complaint(() => load('dhcp: 5\n', {}, { 'dhcp.range': '10.0.0.2-10.0.0.9' }))).toContain('FILE, line 1: 5');
  });

  it('a file that is not there, or is a folder', () => {
    expect(complaint(() => loadSettings(join(folder, 'none.yaml'), {}, {}))).toContain('CONFIG_UNREADABLE');
    expect(complaint(() => loadSettings(folder, {}, {}))).toContain('CONFIG_UNREADABLE');
  });
});

it('whatever the file holds, it is read or refused with a code', () => {
  const words = fc.constantFrom(
    'dhcp',
    'root',
    'range',
    ':',
    '\n',
    '  ',
    '- ',
    '*x',
    '&x',
    '{',
    '[',
    '"',
    '!',
    '?',
    '~',
    '<<',
    '|',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 4 })), { maxLength: 20 }), (parts) => {
      const text = parts.join('');
      expect(complaint(() => load(text))).toMatch(/^(nothing$|CONFIG_)/);
    }),
    { numRuns: 500, seed: 1 },
  );
});
