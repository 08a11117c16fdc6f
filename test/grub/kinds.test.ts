import { describe, expect, it } from 'vitest';
import { bootEntries } from '../../src/grub/entries.ts';
import { rewriteForPxe } from '../../src/grub/rewrite.ts';
import { rewriteForDisc } from '../../src/grub/rewrite-disc.ts';

const from = 'grub.cfg';
const liveUrl = 'http://h/a.iso';
const entryOf = (text: string) => {
  const [entry] = bootEntries(text);
  return [entry?.kernel, ...(entry?.initrds ?? []), ...(entry?.arguments ?? [])].join(' ');
};
const bootstrap = 'rd.shell rd.live.image rd.live.dir=liveos rd.live.squashimg=rootfs.img';
const inMemory = 'rd.live.overlay.overlayfs rd.live.overlay.nouserconfirmprompt';
const live = `linux /boot/vmlinuz-6.6 ro root=live:LABEL=X ${bootstrap} ${inMemory} quiet; initrd /boot/initramfs-6.6.img`;
const whole = 'linux /boot/vmlinuz-6.6 ro quiet; initrd /boot/initrd.img';

describe('entries of the other kind of initramfs', () => {
  it('start the whole system from memory', () => {
    const options = { liveUrl: undefined, kernelArguments: [], from, turn: true } as const;
    expect(entryOf(rewriteForPxe(live, options).text)).toBe('/boot/vmlinuz-6.6 /boot/initrd.img ro quiet');
    const held = `set live="root=live:X rd.live.image quiet"\nlinux /k $live; initrd /boot/ucode.img /boot/initramfs.img`;
    expect(entryOf(rewriteForPxe(held, options).text)).toBe('/k /boot/ucode.img /boot/initrd.img quiet');
  });

  it('fetch it, each with the initrd of its kernel', () => {
    const options = { liveUrl, kernelArguments: [], from, turn: true } as const;
    expect(entryOf(rewriteForPxe(whole, options).text)).toBe(
      `/boot/vmlinuz-6.6 /boot/initramfs-6.6.img ro quiet root=live:${liveUrl} ${bootstrap} ${inMemory} ip=dhcp`,
    );
  });

  it('come back as they were', () => {
    const disc = { label: 'X', kernelArguments: [], turn: true };
    const fullOs = rewriteForDisc(live, { ...disc, fullOs: true }).text;
    const back = rewriteForDisc(fullOs, { ...disc, fullOs: false }).text;
    expect(entryOf(back).split(' ').sort()).toEqual(entryOf(live).split(' ').sort());
    expect(rewriteForDisc(back, { ...disc, fullOs: true }).text).toBe(fullOs);
  });

  it('take the name that an older image gave the initrd', () => {
    const medium = { kindOf: (path: string) => (path === '/boot/initrd.img-6.6' ? 'file' : undefined) } as const;
    const { text } = rewriteForPxe(whole, { liveUrl, kernelArguments: [], from, turn: true, medium });
    expect(bootEntries(text)[0]?.initrds).toEqual(['/boot/initrd.img-6.6']);
  });

  it('are left alone where nobody asks, and so are installers', () => {
    const options = { label: 'X', fullOs: false, kernelArguments: [] };
    expect(entryOf(rewriteForDisc(whole, options).text)).toBe(entryOf(whole));
    const installer = 'linux /isolinux/vmlinuz root=/dev/ram0; initrd /isolinux/initrd.img';
    expect(entryOf(rewriteForDisc(installer, { ...options, turn: true }).text)).toBe(entryOf(installer));
  });
});

describe('arguments', () => {
  it('are not given twice, and stand before $kernelopts', () => {
    const options = { liveUrl, kernelArguments: ['a', 'b', 'a', 'rd.shell=0'], from, azureDownloader: true } as const;
    const { text } = rewriteForPxe(
      'linux /k root=live:x rd.live.image b rd.live.azldownloader=no $kernelopts',
      options,
    );
    expect(bootEntries(text)[0]?.arguments.join(' ')).toBe(
      `root=live:${liveUrl} rd.live.image b rd.live.azldownloader=no ip=dhcp a rd.shell=0 $kernelopts`,
    );
  });

  it('cannot name every label', () => {
    const options = { kernelArguments: [], fullOs: false };
    expect(() => rewriteForDisc(live, { ...options, label: 'My Disk' })).toThrow('"My Disk"');
    expect(rewriteForDisc(whole, { ...options, fullOs: true, label: 'My Disk' }).text).toContain(
      "--label 'My Disk' --set root",
    );
  });
});
