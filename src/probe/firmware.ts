import { posix } from 'node:path';
import type { GrantedAddress } from '../dhcp/client.ts';
import { BootwrightError, hasCode } from '../errors.ts';
import { formatDuration } from '../format.ts';
import type { Loader } from '../iso/pe.ts';
import { manifestName } from '../release/layout.ts';
import { type Manifest, parseManifest } from '../release/manifest.ts';
import { tftpParameters } from './clients.ts';
import type { Context } from './context.ts';
import { Expected } from './expected.ts';
import { checkLoader, loaderLimitBytes } from './loader.ts';
import { machineKinds } from './machine.ts';
import { type BootOffer, judgeOffer, judgeWord, questionOf } from './offer.ts';
import { kept } from './received.ts';

const manifestLimitBytes = 16 * 1024 * 1024;

/** The machine has an address, and its firmware has loaded and started the boot file. */
export interface FirmwareDone {
  readonly offer: BootOffer;
  readonly expected: Expected;
  readonly loader: Loader;
}

/** DISCOVER, OFFER, REQUEST, ACK: the firmware gets an address and learns what to boot. */
export async function getAddress({ clients, timeline, architecture }: Context): Promise<GrantedAddress> {
  const { option93, title } = machineKinds[architecture];
  return timeline.record('firmware', `DHCP as ${title}`, async (notes) => {
    const lease = await clients.askForAddress(option93);
    const { offerMs, acknowledgeMs } = lease.timings;
    notes.what = `DHCP: ${lease.address} from ${lease.serverAddress}`;
    notes.detail = `offer in ${formatDuration(offerMs)}, ACK in ${formatDuration(acknowledgeMs)}`;
    return lease;
  });
}

/** The boot file by TFTP: its size, then itself, as OVMF does. */
export async function bootFirmware(context: Context, lease: GrantedAddress): Promise<FirmwareDone> {
  const { clients, timeline, architecture } = context;
  const { title, option93 } = machineKinds[architecture];
  const question = questionOf(lease);
  const offer = await timeline.record('firmware', 'what to boot', async (notes) => {
    const asked = question && (await clients.askBootServer(option93, lease.address, question));
    const judged = asked === undefined ? judgeOffer(lease, title) : judgeWord(asked, title);
    if (asked !== undefined) notes.detail = 'as it said on port 4011';
    notes.what = `boot file ${judged.file} from ${judged.server}`;
    return judged;
  });
  const { server, file } = offer;
  const name = posix.basename(file);
  const folder = file.replace(/^\/+/, '').replace(/\/?[^/]*$/, '');
  const announcedBytes = await timeline.record('firmware', `TFTP: size of ${name}`, async (notes) => {
    const sizeBytes = await clients.sizeByTftp(server, file, tftpParameters.firmwareSize);
    notes.bytes = sizeBytes;
    return sizeBytes;
  });
  const expected = await timeline.record('check', 'manifest of the release', async (notes) => {
    const manifest = await getManifest(context, server, folder);
    notes.what = manifest === undefined ? 'no manifest: nothing can be compared' : `manifest of ${manifest.id}`;
    return new Expected(folder, manifest);
  });
  const loader = await timeline.record('firmware', `TFTP: ${name}`, async (notes) => {
    const received = await kept(file, loaderLimitBytes, (sink) =>
      clients.getByTftp(server, file, tftpParameters.firmware, sink),
    );
    notes.bytes = received.sizeBytes;
    const path = expected.inRelease(file) ?? file;
    if (received.sizeBytes !== announcedBytes) {
      const wrong = { server, path: file, announcedBytes, receivedBytes: received.sizeBytes };
      throw new BootwrightError('TFTP_WRONG_SIZE', wrong);
    }
    expected.check(path, received);
    const inspected = checkLoader(file, received.bytes, architecture);
    notes.detail = describeLoader(inspected);
    return inspected;
  });
  return { offer, expected, loader };
}

export function describeLoader({ grub, isSigned }: Loader): string {
  return `${grub === undefined ? 'shim' : 'GRUB'}, ${isSigned ? 'signed' : 'not signed'}`;
}

/** It lies beside the boot file. `undefined`: there is none. */
async function getManifest({ clients }: Context, server: string, folder: string): Promise<Manifest | undefined> {
  const path = folder === '' ? manifestName : `${folder}/${manifestName}`;
  try {
    const { bytes } = await kept(path, manifestLimitBytes, (sink) =>
      clients.getByTftp(server, path, tftpParameters.firmware, sink),
    );
    return parseManifest(Buffer.from(bytes).toString('utf8'), path);
  } catch (error) {
    if (hasCode(error, 'PROBE_FILE_MISSING')) return undefined;
    if (!hasCode(error, 'MANIFEST_INVALID')) throw error;
    throw new BootwrightError('PROBE_MANIFEST_INVALID', { reason: error.message }, { cause: error });
  }
}
