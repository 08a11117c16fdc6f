import { beforeEach, describe, expect, it } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type Walked, type WalkOptions, walk } from '../../src/probe/walk.ts';
import { tinyLoader } from '../support/tiny-programs.ts';
import { FilesOnlyNetwork, folder, grubConfig, releaseId } from './files-only-network.ts';

let network: FilesOnlyNetwork;

beforeEach(() => {
  network = new FilesOnlyNetwork();
});

function run(options: Partial<WalkOptions> = {}): Promise<Walked> {
  return walk({
    clients: network,
    clock: systemClock,
    mac: '52:54:00:12:34:56',
    architecture: 'efi-x64',
    quick: false,
    signal: new AbortController().signal,
    onRow: () => {},
    ...options,
  });
}

/** How a walk ended: the code, and the row at which it did. */
async function endOf(options?: Partial<WalkOptions>): Promise<string> {
  const { error, timeline } = await run(options);
  const last = timeline.at(-1);
  return `${error?.code ?? 'boots'} at ${last?.step} ${last?.what}`;
}

describe('a walk', () => {
  it('gets to the end where all is well, and gives its address back', async () => {
    const walked = await run();
    expect(walked.error).toBeUndefined();
    expect(walked).toMatchObject({ releaseId, checkedFiles: 5, address: '10.0.0.50', server: '10.0.0.1' });
    expect(walked.timeline.every((row) => row.ok)).toBe(true);
    expect(network.released).toEqual(['10.0.0.50']);
  });

  it('looks for grub.cfg under the names that GRUB asks for before', async () => {
    await run();
    expect(network.asked).toContain(`/${folder}/grub.cfg-01-52-54-00-12-34-56`);
    expect(network.asked).toContain(`/${folder}/grub.cfg-0A000032`);
    expect(network.asked.at(-1)).toBe(`/${folder}/grub.cfg`);
  });

  it('gives its address back, with a remedy in the last row, where it fails', async () => {
    network.remove('grubx64.efi');
    const { timeline, error } = await run();
    expect(timeline.at(-1)).toMatchObject({ ok: false, detail: error?.message, remedy: error?.remedy });
    expect(network.released).toEqual(['10.0.0.50']);
  });

  it('fetches the live filesystem itself where the release has no ISO', async () => {
    network.replaceIso('liveos/rootfs.img', Buffer.alloc(100_000, 'hsqs'));
    const walked = await run();
    expect(walked.error).toBeUndefined();
    expect(walked.checkedFiles).toBe(5);
    expect(walked.timeline.at(-1)).toMatchObject({ what: 'HTTP: liveos/rootfs.img', bytes: 100_000 });
    network.put('liveos/rootfs.img', Buffer.alloc(100_000, 'other'));
    expect(await endOf()).toBe('PROBE_WRONG_BYTES at dracut HTTP: liveos/rootfs.img');
  });

  it('goes on without a manifest, and says that nothing was compared', async () => {
    network.remove('manifest.json');
    expect(await run()).toMatchObject({ checkedFiles: 0 });
    expect((await run()).error).toBeUndefined();
  });

  it('takes the configuration of its own release where the server means another one by a path without', async () => {
    network.put('grub.cfg-01-52-54-00-12-34-56', grubConfig.replaceAll(releaseId, 'other-ba9876543210'));
    const { timeline, error } = await run();
    expect(error).toBeUndefined();
    expect(timeline.find((row) => row.what === 'TFTP: grub.cfg')?.detail).toMatch(/another release/);
  });
});

describe('a walk ends', () => {
  it('at the firmware, for a loader of another architecture', async () => {
    network.remove('manifest.json');
    network.put('bootx64.efi', tinyLoader('arm64'));
    expect(await endOf()).toBe('PROBE_WRONG_ARCHITECTURE at firmware TFTP: bootx64.efi');
  });

  it('at shim, for a GRUB that is no program', async () => {
    network.remove('manifest.json');
    network.put('grubx64.efi', 'not found, says a proxy');
    expect(await endOf()).toBe('PROBE_NOT_A_LOADER at shim TFTP: grubx64.efi');
  });

  it('at the manifest, where that was changed', async () => {
    network.put('manifest.json', '{}');
    expect(await endOf()).toBe('PROBE_MANIFEST_INVALID at check manifest of the release');
  });

  it('at GRUB, without a configuration', async () => {
    network.remove('grub.cfg');
    expect(await endOf()).toBe('PROBE_NO_GRUB_CONFIG at grub TFTP: grub.cfg');
  });

  it('at the menu, which waits for somebody', async () => {
    network.put('grub.cfg', grubConfig.replace('timeout=0', 'timeout=-1'));
    expect(await endOf()).toBe('PROBE_MENU_WAITS at grub menu');
  });

  it('at the initrd, which is not there', async () => {
    network.remove('boot/initrd.img');
    expect(await endOf()).toBe('PROBE_FILE_MISSING at grub HTTP: boot/initrd.img');
  });

  it('at the second DHCP exchange, where it gives another address, and gives both back', async () => {
    network.linuxAddress = '10.0.0.51';
    expect(await endOf()).toBe('PROBE_ADDRESS_CHANGED at dracut DHCP: 10.0.0.51 from 10.0.0.1');
    expect(network.released).toEqual(['10.0.0.51', '10.0.0.50']);
  });

  it('at the live image, which is shorter than it was', async () => {
    network.put('live.iso', 'cut off');
    expect(await endOf()).toBe('PROBE_WRONG_SIZE at dracut HTTP: size of live.iso');
  });

  it('at the live image, of which the kernel is not told', async () => {
    network.put('grub.cfg', grubConfig.replace(/root=\S+/, ''));
    expect(await endOf()).toBe('PROBE_NO_LIVE_IMAGE at dracut live image');
  });

  it('at the live image, which is an ISO that dracut would not know for one', async () => {
    const image = Buffer.alloc(5000 * 8);
    image.write('CD001', 16 * 2048 + 1);
    network.remove('manifest.json');
    network.put('live.img', image);
    network.put('grub.cfg', grubConfig.replace('live.iso', 'live.img'));
    expect(await endOf()).toBe('PROBE_ISO_UNNAMED at check live image: a filesystem, by its name');
  });

  it('at the live image, where it cannot be tried', async () => {
    network.put('grub.cfg', grubConfig.replace(/root=\S+/, 'root=live:nfs://10.0.0.1/live.iso'));
    expect(await endOf()).toBe('PROBE_LIVE_UNCHECKED at dracut live image');
    expect(await endOf({ quick: true })).toBe('boots at dracut nfs://10.0.0.1/live.iso: not tried');
  });

  it.each(['tftp://10.0.0.1/%zz.iso', 'tftp://[/live.iso', 'tftp:live.iso'])('at the live image %s', async (url) => {
    network.put('grub.cfg', grubConfig.replace(/root=\S+/, `root=live:${url}`));
    expect(await endOf()).toBe('PROBE_LIVE_UNCHECKED at dracut live image');
  });

  it('where its time is over', async () => {
    const controller = new AbortController();
    network.sizeByTftp = () => {
      controller.abort(new BootwrightError('PROBE_TOO_SLOW', { timeoutSeconds: 1 }));
      return new Promise(() => {});
    };
    expect(await endOf({ signal: controller.signal })).toBe('PROBE_TOO_SLOW at firmware TFTP: size of bootx64.efi');
    expect(network.released).toEqual(['10.0.0.50']);
  });

  it('without a verdict, where this host is what is wrong', async () => {
    network.askForAddress = async () => {
      throw new BootwrightError('UDP_PORT_IN_USE', { port: 68, address: '0.0.0.0' });
    };
    await expect(run()).rejects.toMatchObject({ code: 'UDP_PORT_IN_USE' });
  });
});

describe('a quick walk', () => {
  it('reads the two ends of the image and does not compare it', async () => {
    const large = Buffer.alloc(5 * 1024 * 1024, 'large');
    network.remove('manifest.json');
    network.put('live.iso', large);
    const { timeline } = await run({ quick: true });
    expect(timeline.at(-1)).toMatchObject({ bytes: 2 * 1024 * 1024, detail: expect.stringContaining('not compared') });
  });
});
