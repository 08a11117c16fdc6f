import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { askBootServer } from '../../src/dhcp/ask-boot-server.ts';
import { askForAddress } from '../../src/dhcp/client.ts';
import { openLine } from '../../src/dhcp/client-line.ts';
import { discoverMessage, requestMessage } from '../../src/dhcp/client-messages.ts';
import { readOption } from '../../src/dhcp/options.ts';
import type { DhcpPacket } from '../../src/dhcp/packet.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { fetchByTftp } from '../../src/tftp/receive.ts';

/**
 * A machine that boots as slowly as a test wants it to, inside a network namespace. It reads one order a line,
 * and answers each with one line of JSON:
 *
 *     node test/interop/machine.ts <mac>
 *     discover firmware | discover linux | request | boot | binl <own address> | tftp <path> | http <url>
 */
const [mac = ''] = process.argv.slice(2);
const wire = { udp: nodeUdp, clock: systemClock, interface: 'eth0', mac, timeoutsMs: [1000, 1000, 1000] };
const firmware = { ...wire, architecture: 7 };
/** Where the files are: as the last answer says. */
let server = '10.77.0.1';

let client: { mac: string; architecture?: number } = { mac };
let transaction = { xid: 0, seconds: 0 };
let offer: DhcpPacket | undefined;

function said(packet: DhcpPacket | undefined) {
  if (packet === undefined) return { type: 'silence' };
  const bootFile = readOption(packet.options, 'bootFile');
  if (bootFile !== undefined) server = packet.siaddr;
  const router = readOption(packet.options, 'router')?.[0];
  return {
    type: readOption(packet.options, 'messageType'),
    address: packet.yiaddr,
    bootFile,
    file: packet.file,
    router,
  };
}

/** The first answer of one of these types: another server's may come late. */
async function exchange(message: () => DhcpPacket, ...types: readonly string[]): Promise<DhcpPacket | undefined> {
  const line = await openLine({ ...wire, ...client }, transaction.xid);
  try {
    return await line.exchange(message, ({ options }) => types.includes(readOption(options, 'messageType') ?? ''));
  } finally {
    await line.close();
  }
}

const orders: Record<string, (argument: string) => Promise<unknown>> = {
  async discover(who) {
    client = who === 'firmware' ? { mac, architecture: 7 } : { mac };
    transaction = { xid: crypto.getRandomValues(new Uint32Array(1))[0] ?? 1, seconds: 0 };
    offer = await exchange(() => discoverMessage(client, transaction), 'offer');
    return said(offer);
  },
  async request() {
    const taken = offer;
    if (taken === undefined) throw new Error('no offer');
    return said(await exchange(() => requestMessage(client, transaction, taken), 'ack', 'nak'));
  },
  async boot() {
    const { address, serverAddress, proxy } = await askForAddress({ ...firmware, timeoutsMs: [4000, 4000] });
    server = proxy?.serverAddress ?? serverAddress;
    return { address, serverAddress, proxy: proxy?.serverAddress, bootFile: proxy?.bootFile, file: proxy?.packet.file };
  },
  async binl(address) {
    const said = await askBootServer({ ...firmware, localAddress: address, clientPort: 4011 }, address, { server });
    return { bootFile: said?.bootFile, file: said?.packet.file };
  },
  async tftp(path) {
    const chunks: Uint8Array[] = [];
    const sink = (chunk: Uint8Array) => void chunks.push(Uint8Array.from(chunk));
    await fetchByTftp({
      udp: nodeUdp,
      clock: systemClock,
      server: { address: server, port: 69 },
      path,
      sink,
      tsize: true,
    });
    return Buffer.concat(chunks).toString();
  },
  // A connection of its own each time: what is kept open does not survive a new address.
  http: (path) =>
    new Promise((resolve, reject) => {
      get({ host: server, path, agent: false, timeout: 5000 }, (response) => {
        response
          .setEncoding('utf8')
          .toArray()
          .then((parts) => resolve(response.statusCode === 200 ? parts.join('') : response.statusCode), reject);
      }).on('error', reject);
    }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [order = '', argument = ''] = line.split(' ');
  const answer = await orders[order]?.(argument).catch((error: Error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
