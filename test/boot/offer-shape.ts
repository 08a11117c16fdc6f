import type { Shape } from '../../src/boot/firmware.ts';
import type { Network } from '../../src/dhcp/network.ts';
import { readPools } from '../../src/dhcp/pool.ts';
import { startDhcpServer } from '../../src/dhcp/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';

// node offer-shape.ts server|proxy SHAPE: DHCP on eth0, where every machine is offered a boot file in this one shape. A
// TFTP that gives no bytes says what was asked for: `asked releases/r1/bootx64.efi`.

const [mode, shape] = process.argv.slice(2) as [Network['mode'], Shape];
const say = (line: string) => process.stdout.write(`${line}\n`);
const subnet = { address: '10.99.0.1', netmask: '255.255.255.0' };
const pools = mode === 'proxy' ? [] : readPools([{ first: '10.99.0.10', last: '10.99.0.99' }], subnet);

await startDhcpServer({
  udp: nodeUdp,
  clock: systemClock,
  listeners: [
    {
      interface: 'eth0',
      network: {
        ...{ name: 'eth0', mode, serverAddress: subnet.address, httpPort: 80, subnet, pools },
        ...{ leaseSeconds: 600, reservations: [] },
      },
    },
  ],
  relayed: [],
  leases: [],
  commit: () => Promise.resolve(),
  bootFor: () => ({ releaseId: 'r1', bootFile: 'releases/r1/bootx64.efi', by: 'tftp', shapes: [shape] }),
  shapeFor: () => ({ shape }),
  place: (mac, address) => say(`placed ${mac} ${address}`),
  report: (event) => say(JSON.stringify(event)),
});

const tftp = await nodeUdp.open({ address: subnet.address, port: 69 }, (bytes, from) => {
  const [name = ''] = Buffer.from(bytes.subarray(2)).toString('latin1').split('\0');
  say(`asked ${name}`);
  // ERROR 1, "file not found". RFC 1350 §5.
  tftp.send(Uint8Array.of(0, 5, 0, 1, 0), from);
});
say('ready');
