import { askBootServer } from '../dhcp/ask-boot-server.ts';
import { askForAddress, releaseAddress } from '../dhcp/client.ts';
import type { ClientOptions } from '../dhcp/client-line.ts';
import { BootwrightError, hasCode } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { LocalNetwork } from '../platform/network.ts';
import type { Udp } from '../platform/udp.ts';
import { errorCodes } from '../tftp/packet.ts';
import { fetchByTftp } from '../tftp/receive.ts';
import type { Clients } from './clients.ts';
import { createHttpClient } from './http-client.ts';
import { askSizeByTftp } from './tftp-size.ts';

interface NodeClientsOptions {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly network: LocalNetwork;
  /** Lower case, with colons. */
  readonly mac: string;
  /** Of the server; a client's is the next one. */
  readonly dhcpPort: number;
  readonly tftpPort: number;
  readonly signal: AbortSignal;
}

/**
 * The clients of a walk from one interface of this host. Everything but DHCP comes from the address that the host has
 * there, not from the leased one, which it does not take.
 */
export function createNodeClients(options: NodeClientsOptions): Clients & { close(): void } {
  const { udp, clock, network, mac, dhcpPort, tftpPort, signal } = options;
  const localAddress = network.address;
  const machine: ClientOptions = {
    udp,
    clock,
    mac,
    interface: network.interface,
    serverPort: dhcpPort,
    clientPort: dhcpPort + 1,
  };
  const http = createHttpClient(localAddress, signal);
  return {
    askForAddress: (architecture) =>
      askForAddress({ ...machine, signal, ...(architecture === undefined ? {} : { architecture }) }),
    async askBootServer(architecture, address, question) {
      // From our own address, where the answer is heard also if a server on this very host sends it; see below.
      const destination = question.server === localAddress ? '255.255.255.255' : question.server;
      const from = { udp, clock, mac, signal, architecture, localAddress, clientPort: 0, destination };
      const word = await askBootServer(from, address, question);
      if (word === undefined) throw new BootwrightError('PROBE_BOOT_SERVER_SILENT', { server: question.server });
      return word;
    },
    // To everybody: a server on this very host hears its interface only, and what is sent to one's own address comes
    // from the loopback. Others see in option 54 that it is not theirs.
    releaseAddress: (lease) => releaseAddress({ ...machine, destination: '255.255.255.255' }, lease),
    sizeByTftp: (address, path, parameters) =>
      refusedByKind(path, () => {
        const server = { address, port: tftpPort };
        return askSizeByTftp({ udp, clock, localAddress, server, path, parameters });
      }),
    getByTftp: (address, path, parameters, sink) =>
      refusedByKind(path, async () => {
        const server = { address, port: tftpPort };
        await fetchByTftp({ udp, clock, localAddress, server, path, signal, sink, ...parameters });
      }),
    headByHttp: http.headByHttp,
    getByHttp: http.getByHttp,
    close: http.close,
  };
}

/** ERROR 1 means that the server has no such file; any other, that it has and can't send it. */
async function refusedByKind<Result>(path: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!hasCode(error, 'TFTP_REFUSED')) throw error;
    const { server = '', errorCode = 0, text = '' } = error.data;
    if (errorCode === errorCodes.notFound) {
      throw new BootwrightError('PROBE_FILE_MISSING', { server, path }, { cause: error });
    }
    throw new BootwrightError('PROBE_FILE_REFUSED', { server, path, errorCode, text }, { cause: error });
  }
}
