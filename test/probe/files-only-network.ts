import { createHash } from 'node:crypto';
import type { GrantedAddress } from '../../src/dhcp/client.ts';
import { encodeOptions } from '../../src/dhcp/options.ts';
import { BootwrightError } from '../../src/errors.ts';
import type { ByteRange, Clients, Sink } from '../../src/probe/clients.ts';
import { formatManifest, type Manifest, type ManifestEntry } from '../../src/release/manifest.ts';
import { tinyLoader } from '../support/tiny-programs.ts';

export const releaseId = 'tiny-0123456789ab';
export const folder = `releases/${releaseId}`;
const server = '10.0.0.1';

export const grubConfig = `# Bootwright release ${releaseId}
if insmod http; then set bootwright=(http,${server})/${folder}; else set bootwright=(tftp,${server})/${folder}; fi
export bootwright
set timeout=0
menuentry "Tiny" {
  linux \${bootwright}/boot/vmlinuz root=live:http://${server}/${folder}/live.iso rd.live.image
  initrd \${bootwright}/boot/initrd.img
}
`;

const released: Readonly<Record<string, Uint8Array>> = {
  'bootx64.efi': tinyLoader('x64'),
  'grubx64.efi': tinyLoader('x64', ['normal', 'http', 'tftp']),
  'boot/vmlinuz': Buffer.from('a kernel'),
  'boot/initrd.img': Buffer.from('an initrd'),
  'live.iso': Buffer.alloc(5000, 'an image'),
};

function fileEntry(path: string, bytes: Uint8Array): ManifestEntry {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, kind: 'file', sizeBytes: bytes.byteLength, mode: '0644', sha256 };
}

const manifest: Manifest = {
  format: 1,
  id: releaseId,
  name: 'tiny',
  architecture: 'x64',
  loader: { boot: 'bootx64.efi', grub: 'grubx64.efi', http: 'built-in' },
  kernels: ['boot/vmlinuz'],
  initrds: ['boot/initrd.img'],
  iso: 'live.iso',
  liveUrl: null,
  entries: Object.entries(released).map(([path, bytes]) => fileEntry(path, bytes)),
};

/** A server without a network: files by their path, which a test may change, and addresses for whoever asks. */
export class FilesOnlyNetwork implements Clients {
  readonly files = new Map<string, Uint8Array>([
    ...Object.entries(released).map(([path, bytes]) => [`${folder}/${path}`, bytes] as const),
    [`${folder}/manifest.json`, Buffer.from(formatManifest(manifest))],
    [`${folder}/grub.cfg`, Buffer.from(grubConfig)],
  ]);
  firmwareAddress = '10.0.0.50';
  linuxAddress = '10.0.0.50';
  /** Addresses that were given back. */
  readonly released: string[] = [];
  /** What was asked for by TFTP, in order. */
  readonly asked: string[] = [];

  put(path: string, content: string | Uint8Array): void {
    this.files.set(`${folder}/${path}`, Buffer.from(content));
  }

  /** Has the live filesystem itself in the place of the ISO. */
  replaceIso(path: string, content: Uint8Array): void {
    const entry = fileEntry(path, content);
    const entries = manifest.entries.map((old) => (old.path === 'live.iso' ? entry : old));
    this.remove('live.iso');
    this.put(path, content);
    this.put('manifest.json', formatManifest({ ...manifest, iso: null, live: path, entries }));
    this.put('grub.cfg', grubConfig.replace('live.iso', path));
  }

  remove(path: string): void {
    this.files.delete(`${folder}/${path}`);
  }

  async askForAddress(architecture: number | undefined): Promise<GrantedAddress> {
    const address = architecture === undefined ? this.linuxAddress : this.firmwareAddress;
    const file = architecture === 7 ? `${folder}/bootx64.efi` : '';
    return {
      address,
      serverAddress: server,
      leaseSeconds: 60,
      netmask: '255.255.255.0',
      router: undefined,
      dns: [],
      nextServer: server,
      bootFile: file === '' ? undefined : file,
      packet: {
        op: 'reply',
        htype: 1,
        hops: 0,
        xid: 1,
        secs: 0,
        broadcast: true,
        ciaddr: '0.0.0.0',
        yiaddr: address,
        siaddr: server,
        giaddr: '0.0.0.0',
        chaddr: new Uint8Array(6),
        sname: '',
        file,
        options: encodeOptions({ vendorClass: 'PXEClient', vendorOptions: Uint8Array.of(6, 1, 8, 255) }),
      },
      timings: { offerMs: 1, acknowledgeMs: 1 },
    };
  }

  async askBootServer(): Promise<never> {
    throw new BootwrightError('PROBE_BOOT_SERVER_SILENT', { server });
  }

  async releaseAddress(lease: GrantedAddress): Promise<void> {
    this.released.push(lease.address);
  }

  async sizeByTftp(_: string, path: string): Promise<number> {
    return this.#find(path).byteLength;
  }

  async getByTftp(_: string, path: string, __: unknown, sink: Sink): Promise<void> {
    this.asked.push(path);
    sink(this.#find(path));
  }

  async headByHttp(url: string): Promise<{ sizeBytes: number; url: string }> {
    return { url, sizeBytes: this.#find(new URL(url).pathname).byteLength };
  }

  async getByHttp(url: string, range: ByteRange | undefined, sink: Sink): Promise<void> {
    const bytes = this.#find(new URL(url).pathname);
    sink(range === undefined ? bytes : bytes.subarray(range.first, range.last + 1));
  }

  #find(path: string): Uint8Array {
    const bytes = this.files.get(path.replace(/^\/+/, ''));
    if (bytes === undefined) throw new BootwrightError('PROBE_FILE_MISSING', { server, path });
    return bytes;
  }
}
