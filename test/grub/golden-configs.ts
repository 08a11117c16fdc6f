import type { ExpandBlsOptions } from '../../src/grub/expand-bls.ts';
import { decodeEnvironment } from '../../src/grub/load-env.ts';
import type { Medium } from '../../src/grub/medium.ts';
import type { RenderOptions } from '../../src/grub/render.ts';
import type { RewriteOptions } from '../../src/grub/rewrite.ts';
import type { DiscOptions } from '../../src/grub/rewrite-disc.ts';

const url = 'http://10.0.0.1:8080/releases/azl-1/liveos.iso';
const server = { address: '10.0.0.1', httpPort: 8080 };

/** An image with these files, and folders above them. */
function mediumWith(files: readonly string[]): Medium {
  return {
    kindOf(path) {
      if (files.includes(path)) return 'file';
      return files.some((file) => file.startsWith(`${path}/`)) ? 'directory' : undefined;
    },
  };
}

const azure3 = mediumWith(
  ['6.6.104.2-4', '6.6.96.1-1'].flatMap((v) => [`/boot/vmlinuz-${v}.azl3`, `/boot/initramfs-${v}.azl3.img`]),
);
const azure4 = mediumWith([
  '/liveos/rootfs.img',
  ...['9', '10'].flatMap((v) => [
    `/boot/vmlinuz-6.6.${v}.1-1.azl4.x86_64`,
    `/boot/initramfs-6.6.${v}.1-1.azl4.x86_64.img`,
  ]),
]);

export interface Golden {
  readonly name: string;
  /** There are boot loader entries in `<name>.entries`. */
  readonly bls?: Omit<ExpandBlsOptions, 'entries'>;
  readonly rewrite: RewriteOptions;
  readonly disc: DiscOptions;
  readonly render: RenderOptions;
}

/**
 * `<name>.cfg` is what the image holds, `<name>.expanded.cfg` the same without `blscfg`, `<name>.pxe.cfg` what we publish,
 * `<name>.disc.cfg` what an ISO gets, `<name>.rendered.cfg` what a machine gets.
 */
export const goldens: readonly Golden[] = [
  {
    name: 'azure-linux-3-pxe',
    rewrite: {
      liveUrl: url,
      kernelArguments: ['console=ttyS0'],
      from: 'grub-pxe.cfg',
      medium: mediumWith(['/boot/vmlinuz', '/boot/initrd.img', '/boot/mariner.cfg', '/boot/grub2/grubenv']),
    },
    disc: { label: 'CDROM', fullOs: false, kernelArguments: ['console=ttyS0'] },
    render: { releaseId: 'azl-1', server, http: 'unknown' },
  },
  {
    name: 'azure-linux-2-iso',
    rewrite: { liveUrl: 'http://h/a.iso?x=1&y=2;z#{f}', kernelArguments: ['a=$b c'], from: 'grub.cfg' },
    disc: { label: 'CDROM', fullOs: false, kernelArguments: ['a=$b c'], medium: mediumWith(['/liveos/rootfs.img']) },
    render: { releaseId: 'azl-2', server: { address: '10.0.0.1', httpPort: 80 }, http: 'built-in', liveUrl: url },
  },
  {
    name: 'azure-linux-2-variables',
    rewrite: {
      liveUrl: url,
      kernelArguments: [],
      from: 'grub.cfg',
      medium: mediumWith(['/boot/vmlinuz-5.15.1', '/boot/initrd.img-5.15.1', '/boot/mariner.cfg']),
      environments: new Map([
        [
          '/boot/mariner.cfg',
          decodeEnvironment(`# GRUB Environment Block
mariner_linux=vmlinuz-5.15.1
mariner_initrd=initrd.img-5.15.1
mariner_cmdline=lockdown=integrity sysctl.x=1
###
`),
        ],
      ]),
    },
    disc: { label: 'CDROM', fullOs: true, turn: true, kernelArguments: [] },
    render: { releaseId: 'azl-2', server, http: 'missing' },
  },
  {
    name: 'grub-mkconfig',
    rewrite: { liveUrl: undefined, kernelArguments: ['console=ttyS0'], from: 'grub.cfg' },
    disc: { label: 'CDROM', fullOs: true, kernelArguments: ['console=ttyS0'] },
    render: { releaseId: 'full-os-1', server, http: 'missing' },
  },
  {
    name: 'debian-live',
    rewrite: { liveUrl: url, kernelArguments: ['ip=dhcp', 'fetch=http://h/fs.squashfs'], from: 'grub.cfg' },
    disc: { label: 'DEBIAN', fullOs: false, kernelArguments: ['quiet'] },
    render: { releaseId: 'debian-1', server: { address: 'fd00::1', httpPort: 80 }, http: 'unknown' },
  },
  {
    name: 'by-hand',
    rewrite: {
      liveUrl: 'http://$net_default_server/it\'s "x".iso',
      variablesInUrl: true,
      kernelArguments: [],
      from: 'grub.cfg',
    },
    disc: { label: 'MY_DISK', fullOs: false, kernelArguments: [] },
    render: { releaseId: 'hand-1', server, http: 'unknown', liveUrl: url },
  },
  {
    name: 'azure-linux-4-bls',
    bls: { medium: azure4, environment: decodeEnvironment('# GRUB Environment Block\nsaved_entry=x\n###\n') },
    rewrite: {
      liveUrl: url,
      kernelArguments: ['rd.info'],
      from: 'grub.cfg',

      medium: azure4,
    },
    disc: {
      label: 'CDROM',
      fullOs: true,
      turn: true,

      kernelArguments: ['rd.info'],
      medium: azure4,
    },
    render: { releaseId: 'azl-4', server, http: 'unknown' },
  },
  {
    name: 'azure-linux-3-mkconfig',
    rewrite: { liveUrl: url, kernelArguments: ['rd.info'], from: 'grub.cfg', azureDownloader: true, medium: azure3 },
    disc: {
      label: 'CDROM',
      fullOs: true,
      turn: true,

      kernelArguments: ['rd.info'],
      medium: azure3,
    },
    render: { releaseId: 'azl-3', server, http: 'missing' },
  },
  {
    name: 'fedora-installed',
    bls: {
      architecture: 'x64',
      environment: decodeEnvironment('# GRUB Environment Block\nearly_initrd=ucode.img\n'),
    },
    rewrite: { liveUrl: url, kernelArguments: [], from: 'grub.cfg' },
    disc: { label: 'Fedora-42', fullOs: false, turn: true, kernelArguments: [] },
    render: { releaseId: 'fedora-42', server, http: 'unknown' },
  },
  {
    name: 'fedora-live',
    rewrite: { liveUrl: url, kernelArguments: [], from: 'grub.cfg' },
    disc: { label: 'Fedora-WS-Live-42', fullOs: false, kernelArguments: ['console=ttyS0'] },
    render: { releaseId: 'fedora-42', server, http: 'unknown' },
  },
];
