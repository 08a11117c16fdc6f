import type { GrantedAddress } from '../dhcp/client.ts';
import { BootwrightError } from '../errors.ts';
import { formatBytes, formatDuration } from '../format.ts';
import { hasLiveMark } from '../grub/live.ts';
import { type ByteRange, type Sink, tftpParameters } from './clients.ts';
import type { Context } from './context.ts';
import type { Expected } from './expected.ts';
import type { GrubChoice } from './grub-choice.ts';
import { hashed, kept } from './received.ts';
import type { Timeline } from './timeline.ts';

const mebibyte = 1024 * 1024;
/** Large enough that a request costs nothing, small enough that one of them is soon tried again. */
const rangeBytes = 64 * mebibyte;
/** What `quick` reads at either end. */
const quickBytes = mebibyte;

/** The Linux of the machine asks for an address too, and must get the same one. Throws PROBE_ADDRESS_CHANGED. */
export async function getAddressAgain({ clients, timeline }: Context, first: GrantedAddress): Promise<GrantedAddress> {
  return timeline.record('dracut', 'DHCP as Linux', async (notes) => {
    const lease = await clients.askForAddress(undefined);
    notes.what = `DHCP: ${lease.address} from ${lease.serverAddress}`;
    if (lease.address !== first.address) {
      await clients.releaseAddress(lease);
      throw new BootwrightError('PROBE_ADDRESS_CHANGED', { firmware: first.address, linux: lease.address });
    }
    notes.detail = 'as before';
    return lease;
  });
}

/** dracut fetches the live image, where the kernel's arguments name one. */
export async function fetchLiveImage(context: Context, expected: Expected, choice: GrubChoice): Promise<void> {
  const { liveRoot: url, title } = choice;
  if (url !== undefined && /^https?:/.test(url)) return byHttp(context, expected, url);
  const onTftp = url === undefined ? undefined : readTftpUrl(url);
  if (onTftp !== undefined) return byTftp(context, expected, onTftp);
  await context.timeline.record('dracut', 'live image', async (notes) => {
    if (url === undefined && hasLiveMark(choice.arguments)) throw new BootwrightError('PROBE_NO_LIVE_IMAGE', { title });
    if (url !== undefined && !context.quick) throw new BootwrightError('PROBE_LIVE_UNCHECKED', { url });
    notes.what = url === undefined ? 'no live image: the system is in the initrd' : `${url}: not tried`;
  });
}

async function byHttp({ clients, timeline, quick, digestOf }: Context, expected: Expected, url: string): Promise<void> {
  const path = expected.liveImage ?? url;
  const image = await timeline.record('dracut', `HTTP: size of ${path}`, async (notes) => {
    const head = await clients.headByHttp(url);
    notes.bytes = head.sizeBytes;
    expected.checkSize(path, head.sizeBytes);
    return head;
  });
  const get = async (range: ByteRange, sink: Sink) => clients.getByHttp(image.url, range, sink);
  await timeline.record('dracut', `HTTP: first byte of ${path}`, async (notes) => {
    notes.bytes = (await hashed((sink) => get({ first: 0, last: 0 }, sink))).sizeBytes;
  });
  await checkName(timeline, url, (sink) => get({ first: 0, last: Math.min(isoMarkEnd, image.sizeBytes) - 1 }, sink));
  const ranges = quick ? endsOf(image.sizeBytes) : rangesOf(image.sizeBytes);
  await timeline.record('dracut', `HTTP: ${path}`, async (notes) => {
    const startedMs = timeline.elapsedMs;
    const received = await hashed(async (sink) => {
      for (const range of ranges) await get(range, sink);
    }, digestOf(path));
    notes.bytes = received.sizeBytes;
    notes.detail = quick
      ? 'only its two ends, so not compared'
      : speed(received.sizeBytes, timeline.elapsedMs - startedMs);
    if (!quick) expected.check(path, received);
  });
}

/** In the sector of an ISO's volume descriptor (ECMA-119 §8.1.2). */
const isoMark = 'CD001';
const isoMarkEnd = 16 * 2048 + 1 + isoMark.length;

/**
 * dracut looks into what its name says is an ISO, and mounts everything else as the live filesystem itself (livenetroot,
 * dmsquash-live-root). Throws PROBE_ISO_UNNAMED.
 */
async function checkName(timeline: Timeline, url: string, getStart: (sink: Sink) => Promise<void>): Promise<void> {
  if (URL.parse(url)?.pathname.endsWith('.iso')) return;
  await timeline.record('check', 'live image: a filesystem, by its name', async () => {
    const { bytes } = await kept(url, isoMarkEnd, getStart);
    const mark = Buffer.from(bytes).toString('latin1', isoMarkEnd - isoMark.length, isoMarkEnd);
    if (mark === isoMark) throw new BootwrightError('PROBE_ISO_UNNAMED', { url });
  });
}

interface OnTftp {
  readonly host: string;
  readonly file: string;
}

/** `undefined`: it is no such URL, or one that nobody can read. */
function readTftpUrl(url: string): OnTftp | undefined {
  const { protocol, hostname, pathname } = URL.parse(url) ?? {};
  if (protocol !== 'tftp:' || !hostname || pathname === undefined) return undefined;
  try {
    return { host: hostname, file: decodeURIComponent(pathname) };
  } catch {
    return undefined;
  }
}

async function byTftp(
  { clients, timeline, quick }: Context,
  expected: Expected,
  { host, file }: OnTftp,
): Promise<void> {
  const path = expected.liveImage ?? file;
  await timeline.record('dracut', `TFTP: size of ${path}`, async (notes) => {
    notes.bytes = await clients.sizeByTftp(host, file, tftpParameters.curl);
    expected.checkSize(path, notes.bytes);
  });
  if (quick) return;
  await timeline.record('dracut', `TFTP: ${path}`, async (notes) => {
    const received = await hashed((sink) => clients.getByTftp(host, file, tftpParameters.curl, sink));
    notes.bytes = received.sizeBytes;
    expected.check(path, received);
  });
}

function rangesOf(sizeBytes: number): ByteRange[] {
  const count = Math.ceil(sizeBytes / rangeBytes);
  return Array.from({ length: count }, (_, index) => ({
    first: index * rangeBytes,
    last: Math.min((index + 1) * rangeBytes, sizeBytes) - 1,
  }));
}

function endsOf(sizeBytes: number): ByteRange[] {
  if (sizeBytes <= 2 * quickBytes) return rangesOf(sizeBytes);
  return [
    { first: 0, last: quickBytes - 1 },
    { first: sizeBytes - quickBytes, last: sizeBytes - 1 },
  ];
}

function speed(bytes: number, durationMs: number): string {
  return durationMs < 1 ? formatDuration(durationMs) : `${formatBytes((bytes * 1000) / durationMs)} a second`;
}
