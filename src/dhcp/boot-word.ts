import { readOption } from './options.ts';
import type { DhcpPacket } from './packet.ts';

/** What one server says of booting. */
export interface BootWord {
  /** Dotted decimal. */
  readonly serverAddress: string;
  /** Option 67, else the `file` field, as EDK2 does. */
  readonly bootFile: string | undefined;
  /** All that it said. */
  readonly packet: DhcpPacket;
}

export function readBootWord(packet: DhcpPacket): BootWord {
  const bootFile = readOption(packet.options, 'bootFile') ?? packet.file;
  return {
    serverAddress: readOption(packet.options, 'serverIdentifier') ?? packet.siaddr,
    bootFile: bootFile === '' ? undefined : bootFile,
    packet,
  };
}
