import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { tinyLoader } from '../support/tiny-programs.ts';
import { probe, type Served, serve } from './served.ts';

const basePort = 21_000 + (process.pid % 1000) * 10;

/** Changes one byte of a file in the release while `work` runs. */
async function withFlippedByte<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const whole = await readFile(path);
  const flipped = Uint8Array.from(whole);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
  await chmod(path, 0o644);
  await writeFile(path, flipped);
  try {
    return await work();
  } finally {
    await writeFile(path, whole);
  }
}

describe('"bootwright probe" against "bootwright serve", with a GRUB that has HTTP', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve(tinyLiveOs(), basePort);
  });
  afterAll(() => served.stop());

  it('says that a machine would boot, with every file compared', async () => {
    const { exitCode, report } = await served.probe();
    expect(report).toMatchObject({ boots: true, releaseId: served.releaseId, checkedFiles: 5 });
    expect(exitCode).toBe(0);
    expect(report.timeline.map(({ step, what }) => `${step} ${what}`)).toEqual([
      `firmware DHCP: ${report.address} from 127.0.0.1`,
      `firmware boot file releases/${served.releaseId}/bootx64.efi from 127.0.0.1`,
      'firmware TFTP: size of bootx64.efi',
      `check manifest of ${served.releaseId}`,
      'firmware TFTP: bootx64.efi',
      'shim TFTP: 3 files that need not be there',
      'shim TFTP: grubx64.efi',
      'grub TFTP: 4 files that need not be there',
      'grub TFTP: grub.cfg',
      'grub boots "Tiny LiveOS"',
      'grub HTTP: boot/vmlinuz',
      'grub HTTP: boot/initrd.img',
      `dracut DHCP: ${report.address} from 127.0.0.1`,
      'dracut HTTP: size of tiny.iso',
      'dracut HTTP: first byte of tiny.iso',
      'dracut HTTP: tiny.iso',
    ]);
  });

  it('gives its address back', async () => {
    const mac = '52:54:00:00:00:42';
    const { report } = await served.probe('--mac', mac);
    expect(report.mac).toBe(mac);
    await expect.poll(() => served.released).toContain(mac);
  });

  it('says that GRUB is not there', async () => {
    const path = join(served.folder, 'grubx64.efi');
    await rename(path, `${path}.gone`);
    const { exitCode, report } = await served.probe().finally(() => rename(`${path}.gone`, path));
    expect(exitCode).toBe(6);
    expect(report.error?.code).toBe('PROBE_FILE_REFUSED');
    expect(report.timeline.at(-1)).toMatchObject({ step: 'shim', ok: false });
  });

  it('says that there is nothing to boot for another architecture', async () => {
    const { exitCode, report } = await served.probe('--arch', 'efi-arm64');
    expect(exitCode).toBe(6);
    expect(report.error).toMatchObject({ code: 'PROBE_NO_BOOT_FILE', data: { architecture: 'UEFI arm64' } });
  });
});

describe('"bootwright probe" where a file was damaged on the disk before anybody fetched it', () => {
  it.each([
    ['tiny.iso', 'dracut'],
    ['boot/vmlinuz', 'grub'],
  ])('finds one wrong byte in the middle of %s', async (path, step) => {
    const served = await serve(tinyLiveOs(), basePort + 5);
    const probed = withFlippedByte(join(served.folder, path), () => served.probe());
    const { exitCode, report } = await probed.finally(() => served.stop());
    expect(exitCode).toBe(6);
    expect(report.error).toMatchObject({ code: 'PROBE_WRONG_BYTES', data: { path } });
    expect(report.timeline.at(-1)).toMatchObject({ step, what: `HTTP: ${path}`, ok: false });
  });
});

describe('"bootwright probe" against "bootwright serve", with a GRUB that has no HTTP', () => {
  it('gets kernel and initrd by TFTP, as that GRUB does', async () => {
    const image = tinyLiveOs({ 'EFI/BOOT/grubx64.efi': tinyLoader('x64', ['normal', 'tftp']) });
    const served = await serve(image, basePort + 5);
    const { exitCode, report } = await served.probe('--quick').finally(() => served.stop());
    expect(exitCode).toBe(0);
    const what = report.timeline.map((row) => row.what);
    expect(what).toContain('TFTP: boot/vmlinuz');
    expect(what).toContain('TFTP: boot/initrd.img');
  });
});

describe('"bootwright probe" where no server is', () => {
  it('says so within seconds', async () => {
    const { exitCode, report } = await probe(['--dhcp-port', String(basePort + 3)], []);
    expect(exitCode).toBe(6);
    expect(report.error?.code).toBe('DHCP_NO_OFFER');
    expect(report.timeline).toHaveLength(1);
  });

  it('ends when the time that it was given is over', async () => {
    const { exitCode, report } = await probe(['--dhcp-port', String(basePort + 3)], ['--timeout', '1']);
    expect(exitCode).toBe(6);
    expect(report.error?.code).toBe('PROBE_TOO_SLOW');
  });
});
