import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Finding } from '../../src/inspect/finding.ts';
import { deliver } from '../../src/release/deliver.ts';
import { publish } from '../../src/release/publish.ts';
import type { BuildRequest } from '../../src/release/request.ts';
import { holdRoot } from '../../src/release/root.ts';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { pxeConfig, tinyLiveOs } from '../support/tiny-liveos.ts';
import { tinyLoader } from '../support/tiny-programs.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { temporaryFolder } from './folder.ts';
import { formats, kernelLine } from './workshop.ts';

interface Initrd {
  readonly version?: string;
  readonly modules?: readonly string[];
  readonly files?: readonly string[];
}

/** An initrd of dracut's with these modules and files. */
function initrd({ version = '102', modules = ['systemd-networkd', 'network'], files = ['usr/bin/curl'] }: Initrd) {
  const list = ['base', 'dmsquash-live', 'livenet', ...modules].join('\n');
  return gzipSync(
    cpioArchive([
      { path: `usr/lib/dracut/dracut-${version}` },
      { path: 'usr/lib/dracut/modules.txt', content: `${list}\n` },
      ...files.map((path) => ({ path, content: 'x' })),
    ]),
  );
}

const whole = { version: '110', modules: ['network', 'network-manager'] };
const downloader = 'usr/bin/liveos-artifacts-download.sh';

function putImage(parts: Parts): string {
  const path = join(temporaryFolder(), 'liveos.iso');
  writeFileSync(path, tinyLiveOs(parts));
  return path;
}

async function findingsOf(parts: Parts, request: Partial<BuildRequest> = {}): Promise<Finding[]> {
  const image = putImage(parts);
  const findings: Finding[] = [];
  const onFinding = (finding: Finding) => findings.push(finding);
  await deliver({ image, kernelArguments: [], onFinding, ...request }, join(dirname(image), 'out'), 'pxe-dir');
  return findings;
}

function codes(findings: readonly Finding[]): string[] {
  return findings.map(({ code }) => code);
}

test('a build says what may not boot everywhere, each with its reason and its remedy', async () => {
  const findings = await findingsOf({ 'boot/initrd.img': initrd({ modules: [], files: [] }) });
  expect(codes(findings)).toEqual(expect.arrayContaining(['INITRD_NO_NETWORK', 'INITRD_NO_CURL']));
  for (const { severity, problem, remedy } of findings) {
    expect(severity).toBe('warning');
    expect(problem.length).toBeGreaterThan(20);
    expect(remedy.length).toBeGreaterThan(20);
  }
});

test.each<[string, Parts, string]>([
  ['an initrd without network', { 'boot/initrd.img': initrd({ modules: [] }) }, 'INITRD_NO_NETWORK'],
  ['an initrd without curl', { 'boot/initrd.img': initrd({ files: [] }) }, 'INITRD_NO_CURL'],
  ['a dracut that does not fetch under networkd', { 'boot/initrd.img': initrd({}) }, 'DRACUT_NETWORKD_LIVENET'],
  ['a GRUB without network', { 'EFI/BOOT/grubx64.efi': tinyLoader('x64', ['normal']) }, 'GRUB_NO_NETWORK'],
  [
    'a menu that waits for somebody',
    { 'boot/grub2/grub-pxe.cfg': pxeConfig.replace('timeout=0', 'timeout=-1') },
    'PROMPT_MENU',
  ],
])('%s is a warning of a build', async (_, parts, code) => {
  expect(codes(await findingsOf({ 'boot/initrd.img': initrd(whole) }))).not.toContain(code);
  expect(codes(await findingsOf({ 'boot/initrd.img': initrd(whole), ...parts }))).toContain(code);
});

test('https in an initrd without certificates is a warning, http is none', async () => {
  const parts = { 'boot/initrd.img': initrd(whole) };
  const found = async (isoUrl: string) => codes(await findingsOf(parts, { isoUrl }));
  expect(await found('https://h/live.iso')).toContain('INITRD_NO_TLS_ROOTS');
  expect(await found('http://h/live.iso')).not.toContain('INITRD_NO_TLS_ROOTS');
});

test('the server of a URL is asked only where that is wanted', async () => {
  const isoUrl = 'http://127.0.0.1:9/live.iso';
  expect(codes(await findingsOf({}, { isoUrl }))).not.toContain('LIVE_URL_UNREACHABLE');
  expect(codes(await findingsOf({}, { isoUrl, checkUrl: true }))).toContain('LIVE_URL_UNREACHABLE');
});

test('an image does not decide whom this machine asks: a URL that it brings is left alone', async () => {
  const saved = 'pxe: { bootstrapFileUrl: "http://127.0.0.1:9/live.iso" }\n';
  const parts = { 'bootwright/image.yaml': saved };
  expect(codes(await findingsOf(parts, { checkUrl: true }))).not.toContain('LIVE_URL_UNREACHABLE');
  const config = { pxe: { kernelArguments: [], additionalFiles: [], bootstrapFileUrl: 'http://127.0.0.1:9/live.iso' } };
  expect(codes(await findingsOf(parts, { checkUrl: true, config }))).toContain('LIVE_URL_UNREACHABLE');
});

test('strict: the first warning ends a build into any format, and leaves nothing', async () => {
  for (const format of formats) {
    const image = putImage({ 'boot/initrd.img': initrd({ modules: [] }) });
    const heard: string[] = [];
    const request = {
      image,
      kernelArguments: [],
      strict: true,
      onFinding: ({ code }: Finding) => void heard.push(code),
    };
    const output = join(dirname(image), format === 'pxe-tar' ? 'out.tar' : 'out');
    const error = await deliver(request, output, format).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: heard[0], exitStatus: 3 });
    expect(heard).toContain('INITRD_NO_NETWORK');
    expect(readdirSync(dirname(image))).toEqual(['liveos.iso']);
  }
});

test('strict: a release that may not boot everywhere is not published', async () => {
  const held = await holdRoot(temporaryFolder());
  try {
    const request = { image: putImage({}), kernelArguments: [], strict: true };
    await expect(publish(held.layout, request)).rejects.toMatchObject({ exitStatus: 3 });
    expect(readdirSync(held.layout.releases)).toEqual([]);
    expect(readdirSync(held.layout.staging)).toEqual([]);
  } finally {
    await held.release();
  }
});

async function lineOf(parts: Parts): Promise<string> {
  const image = putImage(parts);
  const output = join(dirname(image), 'out');
  await deliver({ image, kernelArguments: [] }, output, 'pxe-dir');
  return kernelLine(readFileSync(join(output, 'boot/grub2/grub.cfg'), 'utf8'));
}

test('an initrd with the downloader of Azure Linux is told to use it, and then networkd is no obstacle', async () => {
  const parts = { 'boot/initrd.img': initrd({ files: ['usr/bin/curl', downloader] }) };
  expect((await lineOf(parts)).split(' ').filter((word) => /azldownloader/.test(word))).toEqual([
    'rd.live.azldownloader=enable',
  ]);
  expect(codes(await findingsOf(parts))).not.toContain('DRACUT_NETWORKD_LIVENET');
});

test('any other initrd is not told of it', async () => {
  expect(await lineOf({ 'boot/initrd.img': initrd({ files: ['usr/bin/curl', `${downloader}.txt`] }) })).not.toContain(
    'azldownloader',
  );
});

test('a menu that has the downloader in it already has it once', async () => {
  const config = pxeConfig.replace(' quiet', ' rd.live.azldownloader=enable quiet');
  const line = await lineOf({
    'boot/grub2/grub-pxe.cfg': config,
    'boot/initrd.img': initrd({ files: ['usr/bin/curl', downloader] }),
  });
  expect(line.match(/azldownloader/g)).toHaveLength(1);
});
