import { describe, expect, it } from 'vitest';
import type { OptionValues } from '../../src/dhcp/options.ts';
import type { DhcpPacket } from '../../src/dhcp/packet.ts';
import { hex } from '../support/hex.ts';
import { counter, mac, message, network, networkOf, replyIn, uefiX64 } from './machine.ts';

const ours = network.serverAddress;
const relay = '10.2.0.1';

/** Two networks behind relays; the server stands in neither. */
const relayed = [
  networkOf('10.2.0', [{ first: '10.2.0.10', last: '10.2.0.19' }], { serverAddress: ours, router: relay }),
  networkOf('10.3.0', [{ first: '10.3.0.10', last: '10.3.0.19' }], { serverAddress: ours, router: '10.3.0.1' }),
];

const discover = (options: OptionValues = {}, fields: Partial<DhcpPacket> = {}) =>
  message({ messageType: 'discover', ...options }, { giaddr: relay, hops: 1, ...fields });
const select = (address: string, options: OptionValues = {}, fields: Partial<DhcpPacket> = {}) =>
  message(
    { messageType: 'request', requestedAddress: address, serverIdentifier: ours, ...options },
    { giaddr: relay, hops: 1, ...fields },
  );

/** Circuit 4 of the switch, remote 525400abcdef. */
const agent = hex('01 02 0004  02 06 525400abcdef');

describe('a machine behind a relay', () => {
  it('gets an address of its own network, by way of the relay, to the port of servers', () => {
    const given = counter({ relayed }).ask(discover({}, { broadcast: false }));
    const offer = replyIn(given);
    expect(offer).toMatchObject({ to: relay, port: 'relay' });
    expect(offer.packet).toMatchObject({ yiaddr: '10.2.0.10', giaddr: relay, hops: 0, broadcast: false });
    expect(offer.option('router')).toEqual([relay]);
    expect(offer.option('subnetMask')).toBe('255.255.255.0');
    expect(offer.option('broadcast')).toBe('10.2.0.255');
    expect(offer.option('serverIdentifier')).toBe(ours);
    expect(given?.events).toEqual([{ step: 'offered', mac, address: '10.2.0.10', relay }]);
  });

  it('hears what fits into one frame with what the relay says, however long that is', () => {
    const long = new Uint8Array(250).fill(7);
    const extraOptions = new Map([224, 225, 226, 227, 228, 229, 230].map((code) => [code, long]));
    const [behind = network] = relayed;
    const { ask } = counter({ relayed: [{ ...behind, extraOptions }] });
    const relayAgent = Uint8Array.of(1, 200, ...new Uint8Array(200));
    const offer = replyIn(ask(discover({ maximumMessageSize: 1500, relayAgent })));
    expect(offer.option('relayAgent')).toEqual(relayAgent);
    expect(offer.sizeBytes).toBeGreaterThan(1200);
    expect(offer.sizeBytes).toBeLessThanOrEqual(1472);
  });

  it('keeps its broadcast flag, which the relay goes by', () => {
    expect(replyIn(counter({ relayed }).ask(discover())).packet.broadcast).toBe(true);
  });

  it('has its boot file from the server, not from the relay', () => {
    const offer = replyIn(counter({ relayed }).ask(discover(uefiX64)));
    expect(offer.packet.siaddr).toBe(ours);
    expect(offer.option('bootFile')).toBe('releases/r1/bootx64.efi');
  });

  it('has the leases of its network alone: one machine may have an address in each', () => {
    const { ask } = counter({ relayed });
    expect(replyIn(ask(discover())).packet.yiaddr).toBe('10.2.0.10');
    expect(replyIn(ask(discover({}, { giaddr: '10.3.0.1' }))).packet.yiaddr).toBe('10.3.0.10');
    expect(replyIn(ask(message({ messageType: 'discover' }))).packet.yiaddr).toBe('10.0.0.10');
    expect(replyIn(ask(select('10.2.0.10'))).option('messageType')).toBe('ack');
  });

  it('may also be in a network of our own interface', () => {
    expect(replyIn(counter({ relayed }).ask(discover({}, { giaddr: '10.0.0.250' }))).packet.yiaddr).toBe('10.0.0.10');
  });

  it('renews its lease straight with the server, and hears from it so', () => {
    const { ask } = counter({ relayed });
    ask(select('10.2.0.10'));
    const renew = message({ messageType: 'request' }, { ciaddr: '10.2.0.10', broadcast: false });
    const ack = replyIn(ask(renew, 300_000));
    expect(ack).toMatchObject({ to: '10.2.0.10', port: 'client' });
    expect(ack.option('router')).toEqual([relay]);
  });

  it('gives its address back straight to the server', () => {
    const { ask } = counter({ relayed });
    ask(select('10.2.0.10'));
    const release = message({ messageType: 'release', serverIdentifier: ours }, { ciaddr: '10.2.0.10' });
    expect(ask(release)?.events).toEqual([{ step: 'released', mac, address: '10.2.0.10' }]);
  });

  it('that came with an address of another network hears a NAK, broadcast by the relay', () => {
    const remembers = message(
      { messageType: 'request', requestedAddress: '10.0.0.10' },
      { giaddr: relay, hops: 1, broadcast: false },
    );
    const nak = replyIn(counter({ relayed }).ask(remembers));
    expect(nak.option('messageType')).toBe('nak');
    expect(nak).toMatchObject({ to: relay, port: 'relay' });
    expect(nak.packet.broadcast).toBe(true);
  });

  it('is not looked for by ARP before its address is offered', () => {
    const { ask } = counter({ relayed, mayProbe: true });
    expect(ask(message({ messageType: 'discover' }))).toMatchObject({ probe: '10.0.0.10' });
    expect(ask(discover())?.datagram).toBeDefined();
  });
});

describe('what a relay adds', () => {
  it('goes back as it came, as the last option', () => {
    const { ask } = counter({ relayed });
    const offer = replyIn(ask(discover({ relayAgent: agent, ...uefiX64 })));
    expect(offer.option('relayAgent')).toEqual(agent);
    expect([...offer.packet.options.keys()].at(-1)).toBe(82);
    const nak = replyIn(ask(select('10.2.0.77', { relayAgent: agent })));
    expect(nak.option('messageType')).toBe('nak');
    expect(nak.option('relayAgent')).toEqual(agent);
  });

  it('is not touched by the NUL that EDK2 writes behind option 67', () => {
    const given = counter({ relayed }).ask(discover({ relayAgent: agent, ...uefiX64 }));
    const bytes = given?.datagram?.bytes ?? new Uint8Array();
    const name = replyIn(given).option('bootFile') ?? '';
    const at = Buffer.from(bytes).lastIndexOf(Buffer.from(name)) + name.length;
    // The NUL in the option, the one that EDK2 writes, and then option 82.
    expect([...bytes.subarray(at, at + 3)]).toEqual([0, 0, 82]);
  });

  it.each([
    ['nothing', ''],
    ['a sub-option that is cut short', '01 09 00'],
    ['half a sub-option', '05'],
    ['a link of three bytes', '05 03 0a0300'],
  ])('%s goes back as it came, too', (_, bytes) => {
    const offer = replyIn(counter({ relayed }).ask(discover({ relayAgent: hex(bytes) })));
    expect(offer.packet.yiaddr).toBe('10.2.0.10');
    expect(offer.option('relayAgent')).toEqual(hex(bytes));
  });

  it('goes back even where it is as long as it can be, and the machine takes little', () => {
    const relayAgent = new Uint8Array(255).fill(7);
    const offer = replyIn(counter({ relayed }).ask(discover({ ...uefiX64, maximumMessageSize: 576, relayAgent })));
    expect(offer.option('relayAgent')).toEqual(relayAgent);
    expect(offer.sizeBytes - 257).toBeLessThanOrEqual(548);
    expect(offer.option('bootFile')).toBeDefined();
  });

  it('chooses the network, where it names the link of the machine (RFC 3527)', () => {
    const offer = replyIn(counter({ relayed }).ask(discover({ relayAgent: hex('05 04 0a030000') })));
    expect(offer.packet.yiaddr).toBe('10.3.0.10');
    expect(offer.to).toBe(relay);
  });

  it('chooses nothing, where the link is in no network', () => {
    const given = counter({ relayed }).ask(discover({ relayAgent: hex('05 04 0a090000') }));
    const reason = 'its relay 10.2.0.1 asks for 10.9.0.0, which is in none of the networks that are served: ';
    expect(given).toMatchObject({ events: [{ step: 'not-answered', reason: expect.stringContaining(reason) }] });
    expect(given?.datagram).toBeUndefined();
  });

  it('says what the server calls itself, and machines that take its offer mean us by that (RFC 5107)', () => {
    const relayAgent = hex('0b 04 0a020001');
    const { ask } = counter({ relayed });
    expect(replyIn(ask(discover({ relayAgent }))).option('serverIdentifier')).toBe(relay);
    const given = ask(select('10.2.0.10', { relayAgent, serverIdentifier: relay }));
    expect(replyIn(given).option('messageType')).toBe('ack');
    expect(replyIn(given).option('serverIdentifier')).toBe(relay);
    const release = message(
      { messageType: 'release', serverIdentifier: relay, relayAgent },
      {
        ciaddr: '10.2.0.10',
        giaddr: relay,
      },
    );
    expect(ask(release)?.events).toMatchObject([{ step: 'released' }]);
  });

  it('has answers go to the port that the relay sent from (RFC 8357)', () => {
    const offer = replyIn(counter({ relayed }).ask(discover({ relayAgent: hex('13 00') })));
    expect(offer).toMatchObject({ to: relay, port: 'asker' });
  });
});

describe('a machine that asks for an address of a subnet (RFC 3011)', () => {
  const subnetSelection = '10.3.0.0';

  it('gets one, and the option back', () => {
    const offer = replyIn(counter({ relayed }).ask(discover({ subnetSelection })));
    expect(offer.packet.yiaddr).toBe('10.3.0.10');
    expect(offer.option('subnetSelection')).toBe(subnetSelection);
  });

  it('gets one of the link that the relay names, where that is another', () => {
    const relayAgent = hex('05 04 0a020000');
    expect(replyIn(counter({ relayed }).ask(discover({ subnetSelection, relayAgent }))).packet.yiaddr).toBe(
      '10.2.0.10',
    );
  });
});

describe('a relay that is none of ours', () => {
  it.each([
    [
      'of a network that nobody knows',
      { giaddr: '172.16.0.1' },
      'it asks through the relay 172.16.0.1, which is in none',
    ],
    ['that has our own address', { giaddr: ours }, 'its relay 10.0.0.1 has the address of this server'],
    ['in a circle of relays', { hops: 17 }, 'it came through 17 relays, which is a circle'],
  ])('%s: the report says why nobody is answered', (_, fields, reason) => {
    const given = counter({ relayed }).ask(discover({}, fields));
    expect(given?.datagram).toBeUndefined();
    expect(given?.events).toEqual([{ step: 'not-answered', mac, reason: expect.stringContaining(reason) }]);
  });

  it('is told which networks there are', () => {
    const [event] = counter({ relayed }).ask(discover({}, { giaddr: '172.16.0.1' }))?.events ?? [];
    expect(event).toMatchObject({
      reason: expect.stringMatching(/: 10\.0\.0\.0\/24, 10\.2\.0\.0\/24, 10\.3\.0\.0\/24$/),
    });
  });
});

it('on an interface where DHCP is off, machines of relays are answered, and nobody else', () => {
  const { ask } = counter({ relayed, interface: 'eth1' });
  expect(ask(message({ messageType: 'discover' }), 0)).toBeUndefined();
  expect(replyIn(ask(discover())).packet.yiaddr).toBe('10.2.0.10');
});
