import { BootwrightError } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Endpoint, Udp } from '../platform/udp.ts';
import { parseOptionNumber } from '../tftp/options.ts';
import { errorCodes, type Packet, packetCodec } from '../tftp/packet.ts';
import type { TftpParameters } from './clients.ts';

interface SizeQuestion {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly localAddress: string;
  readonly server: Endpoint;
  readonly path: string;
  readonly parameters: TftpParameters;
}

const triesMs = [1000, 2000, 4000];

interface Heard {
  readonly packet: Packet;
  readonly from: Endpoint;
}

/**
 * The size of a file, asked for as EDK2 does (NetworkPkg/UefiPxeBcDxe/PxeBcMtftp.c): a request with `tsize`, and ERROR 8
 * "User aborted." as soon as the answer is there. Throws TFTP_REFUSED, TFTP_BAD_OPTIONS and TFTP_TIMED_OUT.
 */
export async function askSizeByTftp(question: SizeQuestion): Promise<number> {
  const { udp, clock, localAddress: address, server, path, parameters } = question;
  const name = `${server.address}:${server.port}`;
  let hear: (heard: Heard) => void = () => {};
  const socket = await udp.open({ address, port: 0 }, (bytes, from) => {
    const packet = decodeOrIgnore(bytes);
    if (packet !== undefined && from.address === server.address) hear({ packet, from });
  });
  const send = (packet: Packet, to: Endpoint) =>
    new Promise<void>((resolve) => {
      socket.send(packetCodec.encode(packet), to, () => resolve());
    });
  try {
    for (const waitMs of triesMs) {
      const { promise, resolve } = Promise.withResolvers<Heard | undefined>();
      hear = resolve;
      const cancel = clock.after(waitMs, () => resolve(undefined));
      await send({ kind: 'read', path, mode: 'octet', options: optionsOf(parameters) }, server);
      const heard = await promise;
      cancel();
      if (heard === undefined) continue;
      const { packet, from } = heard;
      if (packet.kind === 'error') {
        const { errorCode, message: text } = packet;
        throw new BootwrightError('TFTP_REFUSED', { server: name, path, errorCode, text });
      }
      await send({ kind: 'error', errorCode: errorCodes.optionsRefused, message: 'User aborted.' }, from);
      return sizeIn(packet, name);
    }
    const waitedMs = triesMs.reduce((sum, waitMs) => sum + waitMs, 0);
    throw new BootwrightError('TFTP_TIMED_OUT', { server: name, path, receivedBytes: 0, waitedMs });
  } finally {
    await socket.close();
  }
}

function optionsOf({ tsize, blksize, windowsize }: TftpParameters): Map<string, string> {
  const options = new Map<string, string>();
  if (tsize) options.set('tsize', '0');
  options.set('blksize', String(blksize));
  if (windowsize !== undefined) options.set('windowsize', String(windowsize));
  return options;
}

function sizeIn(packet: Packet, server: string): number {
  const text = packet.kind === 'options' ? packet.options.get('tsize') : undefined;
  const sizeBytes = parseOptionNumber(text);
  if (sizeBytes !== undefined) return sizeBytes;
  throw new BootwrightError('TFTP_BAD_OPTIONS', { server, option: 'tsize', value: text ?? '(none)' });
}

function decodeOrIgnore(bytes: Uint8Array): Packet | undefined {
  try {
    return packetCodec.decode(bytes);
  } catch {
    return undefined;
  }
}
