import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { CaptureInput } from './input.ts';
import type { CapturedPacket } from './packet.ts';
import { isPcap, readPcap } from './pcap-read.ts';
import { isPcapng, readPcapng } from './pcapng-read.ts';

/**
 * The packets of a capture, pcapng or pcap, one after the other. The memory it takes does not depend on the file's
 * size. `cut` is called where the last packet is not whole, as when the recorder was killed.
 *
 * Throws CAPTURE_UNKNOWN_FORMAT, CAPTURE_MALFORMED, and what `source` throws.
 */
export async function* readCapture(
  source: ByteSource,
  path: string,
  cut: () => void = () => {},
): AsyncGenerator<CapturedPacket> {
  const input = new CaptureInput(source, path);
  const bytes = await input.peek(Math.min(4, source.sizeBytes));
  const start = bytes?.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) : -1;
  if (isPcapng(start)) yield* readPcapng(input, cut);
  else if (isPcap(start)) yield* readPcap(input, cut);
  else {
    const shown = Array.from(bytes ?? [], (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new BootwrightError('CAPTURE_UNKNOWN_FORMAT', { path, start: shown === '' ? 'nothing' : shown });
  }
}
