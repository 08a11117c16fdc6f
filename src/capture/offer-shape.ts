import type { Shape } from '../boot/firmware.ts';
import { type DhcpPacket, noAddress } from '../dhcp/packet.ts';
import { attempt } from './attempt.ts';

/** What a reply of any DHCP server gives a machine to boot. */
export interface BootOffer {
  /** Option 67, which most firmware prefers, or else the field `file`; empty where neither names one. */
  readonly file: string;
  /** Where it is: `siaddr`, or else option 66. */
  readonly server?: string;
  /** `http`: option 60 is `HTTPClient`. `undefined`: nothing is there to boot. */
  readonly shape: Shape | 'http' | undefined;
}

/** Sub-options of option 43. PXE 2.1, table 2-1. */
const sub = { discoveryControl: 6, bootServers: 8, bootMenu: 9, end: 255 } as const;
const bootFromTheFile = 8;

export function readBootOffer(reply: DhcpPacket): BootOffer {
  const vendorClass = attempt(reply.options, 'vendorClass') ?? '';
  const file = attempt(reply.options, 'bootFile') ?? reply.file;
  const server = reply.siaddr === noAddress ? attempt(reply.options, 'tftpServerName') : reply.siaddr;
  return { file, ...(server === undefined ? {} : { server }), shape: readShape(vendorClass, file, reply) };
}

function readShape(vendorClass: string, file: string, reply: DhcpPacket): BootOffer['shape'] {
  if (vendorClass.startsWith('HTTPClient')) return 'http';
  if (!vendorClass.startsWith('PXEClient')) return file === '' ? undefined : 'plain';
  const control = readSubs(attempt(reply.options, 'vendorOptions'));
  if (((control.get(sub.discoveryControl)?.[0] ?? 0) & bootFromTheFile) !== 0) return 'direct';
  return control.has(sub.bootServers) || control.has(sub.bootMenu) ? 'menu' : 'binl';
}

function readSubs(bytes: Uint8Array = new Uint8Array()): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    const code = bytes[at] ?? sub.end;
    if (code === sub.end) break;
    const length = code === 0 ? -1 : (bytes[at + 1] ?? 0);
    if (code !== 0) found.set(code, bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}
