import { corpora, datagramsIn } from '../corpora/corpora.ts';
import { ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import * as ovmf6 from '../packets/dhcp6-ovmf.ts';

/** UDP payloads to begin with, by the protocol of their port; each once. */
export interface Seeds {
  readonly dhcp: readonly Uint8Array[];
  readonly dhcp6: readonly Uint8Array[];
  readonly tftp: readonly Uint8Array[];
}

const dhcpPorts = [67, 68, 4011];
const dhcp6Ports = [546, 547];
const tftpPort = 69;

/** What the captures of `test/corpora` carry, and what OVMF sent (`test/packets`). */
export async function loadSeeds(): Promise<Seeds> {
  const datagrams = (await Promise.all((await corpora()).map(datagramsIn))).flat();
  const at = (...ports: readonly number[]) =>
    datagrams
      .filter(({ from, to }) => ports.includes(to.port) || (from.port === tftpPort && ports.includes(tftpPort)))
      .map(({ payload }) => payload);
  const ovmfs6 = Object.values(ovmf6).filter((value) => value instanceof Uint8Array);
  const read = Buffer.from('\0\x01bootx64.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0', 'latin1');
  return {
    dhcp: once([ovmfDiscover, ovmfRequest, ...at(...dhcpPorts)]),
    dhcp6: once([...ovmfs6, ...at(...dhcp6Ports)]),
    tftp: once([read, ...at(tftpPort)]),
  };
}

function once(payloads: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(payloads.map((bytes) => [Buffer.from(bytes).toString('hex'), bytes])).values()];
}
