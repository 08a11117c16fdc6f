import { describe, expect, it } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { renderGrubConfig } from '../../src/grub/render.ts';
import type { GrubImage } from '../../src/iso/grub-image.ts';
import { chooseAsGrub } from '../../src/probe/grub-choice.ts';

const withHttp: GrubImage = { modules: ['normal', 'http', 'tftp'], hasMemoryDisk: false };
const withoutHttp: GrubImage = { modules: ['normal', 'tftp'], hasMemoryDisk: false };
const standalone: GrubImage = { modules: ['normal'], hasMemoryDisk: true, prefix: '(memdisk)/boot/grub' };

const entry = `menuentry "Live" {
  linux /boot/vmlinuz root=live:http://old.example/old.iso rd.live.image
  initrd /boot/initrd.img
}`;

function choose(text: string, grub: GrubImage | undefined = withHttp) {
  try {
    return chooseAsGrub(text, { grub, server: '10.0.0.1', path: '/grub.cfg' });
  } catch (error) {
    if (error instanceof BootwrightError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function rendered(text: string, http: 'built-in' | 'missing' | 'unknown' = 'built-in'): string {
  return renderGrubConfig(text, {
    releaseId: 'azl-0123456789ab',
    server: { address: '10.0.0.1', httpPort: 8080 },
    liveUrl: 'http://10.0.0.1:8080/releases/azl-0123456789ab/azl.iso',
    http,
  });
}

describe('what GRUB boots from a configuration of Bootwright', () => {
  it('loads kernel and initrd by HTTP where it has the module', () => {
    expect(choose(rendered(`set timeout=5\n${entry}`))).toEqual({
      title: 'Live',
      kernel: 'http://10.0.0.1:8080/releases/azl-0123456789ab/boot/vmlinuz',
      initrds: ['http://10.0.0.1:8080/releases/azl-0123456789ab/boot/initrd.img'],
      arguments: ['root=live:http://10.0.0.1:8080/releases/azl-0123456789ab/azl.iso', 'rd.live.image'],
      liveRoot: 'http://10.0.0.1:8080/releases/azl-0123456789ab/azl.iso',
      timeoutSeconds: 5,
    });
  });

  it('loads them by HTTP where the modules come with it in its memory', () => {
    expect(choose(rendered(`set timeout=0\n${entry}`, 'unknown'), standalone)).toMatchObject({
      kernel: 'http://10.0.0.1:8080/releases/azl-0123456789ab/boot/vmlinuz',
    });
  });

  it.each([
    ['the server knows that it has no HTTP', 'missing'],
    ['it fails to load the module', 'built-in'],
  ] as const)('loads them by TFTP where %s', (_, http) => {
    expect(choose(rendered(`set timeout=0\n${entry}`, http), withoutHttp)).toMatchObject({
      kernel: 'tftp://10.0.0.1/releases/azl-0123456789ab/boot/vmlinuz',
      initrds: ['tftp://10.0.0.1/releases/azl-0123456789ab/boot/initrd.img'],
    });
  });

  it('boots the default entry, not the first', () => {
    const other = entry.replace('"Live"', '"Other"').replace('/boot/vmlinuz', '/boot/other');
    expect(choose(rendered(`set timeout=0\nset default=1\n${entry}\n${other}`))).toMatchObject({ title: 'Other' });
  });
});

describe('what GRUB boots from the configuration of another server', () => {
  it('takes paths without a device from the TFTP server that it came from', () => {
    expect(choose(`timeout=1\n${entry}`)).toMatchObject({ kernel: 'tftp://10.0.0.1/boot/vmlinuz' });
  });

  it('knows a server that is named', () => {
    const named = entry.replace('linux /boot', 'linux (http,10.0.0.9:81)/boot');
    expect(choose(`set timeout=1\n${named}`)).toMatchObject({ kernel: 'http://10.0.0.9:81/boot/vmlinuz' });
  });

  it('puts the address of the server into the URL of the live image', () => {
    const variable = entry.replace('http://old.example', 'http://$net_default_server');
    expect(choose(`set timeout=1\n${variable}`)).toMatchObject({ liveRoot: 'http://10.0.0.1/old.iso' });
  });
});

describe('where GRUB stops', () => {
  it.each([
    ['at its prompt, without an entry', 'set timeout=5', 'PROBE_NOTHING_TO_BOOT'],
    ['at its menu, without a timeout', entry, 'PROBE_MENU_WAITS: .* sets no timeout'],
    ['at its menu, with one that never ends', `set timeout=-1\n${entry}`, 'PROBE_MENU_WAITS: .* timeout=-1'],
    ['to ask for a password', `set timeout=0\nset superusers="root"\n${entry}`, 'PROBE_MENU_WAITS: .* password'],
    ['at its prompt, with a kernel and no "boot"', 'linux /vmlinuz\ninitrd /initrd', 'PROBE_MENU_WAITS: .* "boot"'],
    ['at a quote without an end', `set timeout=0\n${entry}\necho "`, 'PROBE_CONFIG_WRONG'],
    [
      'at a path that nobody knows',
      entry.replace('/boot/vmlinuz', '$k/vmlinuz').replace(/^/, 'set timeout=0\n'),
      'PROBE_CONFIG_WRONG: .*\\$k/vmlinuz',
    ],
  ])('%s', (_, text, expected) => {
    expect(choose(text)).toMatch(new RegExp(`^${expected}`));
  });

  it('at a file by HTTP, without its module', () => {
    const named = entry.replace('linux /boot', 'linux (http,10.0.0.9)/boot');
    expect(choose(`set timeout=1\n${named}`, withoutHttp)).toMatch(/^PROBE_GRUB_WITHOUT_HTTP/);
  });

  it('nowhere, where an entry is open to everybody or a kernel is booted without a menu', () => {
    const open = entry.replace('"Live"', '"Live" --unrestricted');
    expect(choose(`set timeout=0\nset superusers="root"\n${open}`)).toMatchObject({ title: 'Live' });
    expect(choose('linux /vmlinuz\ninitrd /initrd\nboot')).toMatchObject({
      title: '',
      initrds: ['tftp://10.0.0.1/initrd'],
    });
  });
});
