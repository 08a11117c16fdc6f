import { describe, expect, it } from 'vitest';
import { askForAddress, releaseAddress } from '../../src/dhcp/client.ts';
import { discoverMessage, requestMessage } from '../../src/dhcp/client-messages.ts';
import { encodeOptions } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { startDhcpServer } from '../../src/dhcp/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { offerToOvmf, ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import { BroadcastWire } from '../support/broadcast-wire.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { mac, network } from './machine.ts';

async function withServer() {
  const wire = new BroadcastWire();
  const clock = systemClock;
  const events: unknown[] = [];
  await startDhcpServer({
    udp: wire,
    clock,
    listeners: [{ interface: 'eth0', network }],
    relayed: [],
    leases: [],
    commit: async () => {},
    bootFor: () => ({ releaseId: 'r1', bootFile: 'releases/r1/bootx64.efi', by: 'tftp' }),
    shapeFor: (_, [first = 'direct']) => ({ shape: first }),
    place: () => {},
    report: (event) => events.push(event),
  });
  return { wire, clock, events };
}

/** Somebody on the wire who answers each message as told, and counts them. */
async function withImpostor(reply: (request: DhcpPacket) => Uint8Array | undefined) {
  const wire = new BroadcastWire();
  const clock = new SimulatedClock();
  const heard: DhcpPacket[] = [];
  await wire.open({ address: '10.0.0.9', port: 67 }, (bytes, _, socket) => {
    const request = decodePacket(bytes);
    heard.push(request);
    const answer = reply(request);
    if (answer !== undefined) socket.send(answer, { address: '255.255.255.255', port: 68 });
  });
  return { wire, clock, heard, ask: () => clock.run(askForAddress({ udp: wire, clock, mac })) };
}

const answerTo = (request: DhcpPacket, messageType: 'offer' | 'ack' | 'nak', serverIdentifier = '10.0.0.9') =>
  encodePacket({
    ...request,
    op: 'reply',
    yiaddr: '10.0.0.50',
    options: encodeOptions({ messageType, serverIdentifier, message: messageType === 'nak' ? 'go away' : undefined }),
  });

describe('a probe', () => {
  it('as firmware gets an address and a boot file', async () => {
    const { wire, clock } = await withServer();
    const granted = await askForAddress({ udp: wire, clock, mac, architecture: 7 });
    expect(granted).toMatchObject({
      address: '10.0.0.10',
      serverAddress: '10.0.0.1',
      nextServer: '10.0.0.1',
      bootFile: 'releases/r1/bootx64.efi',
      leaseSeconds: 600,
      netmask: '255.255.255.0',
      router: '10.0.0.254',
      dns: network.dns,
      timings: { offerMs: expect.any(Number), acknowledgeMs: expect.any(Number) },
    });
  });

  it('as the Linux of the same machine gets the same address and nothing to boot', async () => {
    const { wire, clock } = await withServer();
    await askForAddress({ udp: wire, clock, mac, architecture: 7 });
    const granted = await askForAddress({ udp: wire, clock, mac });
    expect(granted.address).toBe('10.0.0.10');
    expect(granted.bootFile).toBeUndefined();
  });

  it('gives its address back', async () => {
    const { wire, clock, events } = await withServer();
    const granted = await askForAddress({ udp: wire, clock, mac });
    await releaseAddress({ udp: wire, clock, mac }, granted);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(events.at(-1)).toEqual({ step: 'released', mac, address: '10.0.0.10' });
    expect(wire.sent.at(-1)?.to).toEqual({ address: '10.0.0.1', port: 67 });
  });

  it('asks three times before it says that nobody offers anything', async () => {
    const { ask, heard } = await withImpostor(() => undefined);
    await expect(ask()).rejects.toMatchObject({ code: 'DHCP_NO_OFFER', data: { waitedMs: 7000 } });
    expect(heard.map(({ secs }) => secs)).toEqual([0, 1, 3]);
    expect(new Set(heard.map(({ xid }) => xid)).size).toBe(1);
  });

  it('says which server did not keep its offer', async () => {
    const { ask, heard } = await withImpostor((request) =>
      request.options.has(50) ? undefined : answerTo(request, 'offer'),
    );
    await expect(ask()).rejects.toMatchObject({
      code: 'DHCP_NO_ACKNOWLEDGEMENT',
      data: { server: '10.0.0.9', address: '10.0.0.50' },
    });
    expect(heard).toHaveLength(4);
  });

  it('says why a server refused', async () => {
    const { ask } = await withImpostor((request) => answerTo(request, request.options.has(50) ? 'nak' : 'offer'));
    await expect(ask()).rejects.toMatchObject({ code: 'DHCP_REFUSED', data: { reason: 'go away' } });
  });

  it.each<[string, (request: DhcpPacket) => Uint8Array]>([
    ['nonsense', () => Uint8Array.of(2, 1)],
    ['answers to somebody else', (request) => answerTo({ ...request, xid: 1 }, 'offer')],
    ['answers to another machine', (request) => answerTo({ ...request, chaddr: new Uint8Array(6) }, 'offer')],
    ['requests of others', (request) => encodePacket(request)],
    [
      'messages with a wrong type',
      (request) => encodePacket({ ...request, op: 'reply', options: new Map([[53, Uint8Array.of(99)]]) }),
    ],
  ])('is not led astray by %s', async (_, reply) => {
    const { ask } = await withImpostor(reply);
    await expect(ask()).rejects.toMatchObject({ code: 'DHCP_NO_OFFER' });
  });
});

describe('the messages of a probe', () => {
  const transaction = { xid: 0xc2b274a9, seconds: 0 };

  it('are those that OVMF sends', () => {
    const machine = { mac, architecture: 7 };
    expect(discoverMessage(machine, transaction)).toEqual(decodePacket(ovmfDiscover));
    expect([...discoverMessage(machine, transaction).options.keys()]).toEqual([
      ...decodePacket(ovmfDiscover).options.keys(),
    ]);
    const request = requestMessage(machine, transaction, decodePacket(offerToOvmf));
    expect(request).toEqual(decodePacket(ovmfRequest));
    expect([...request.options.keys()]).toEqual([...decodePacket(ovmfRequest).options.keys()]);
  });

  it('of Linux say nothing of PXE', () => {
    expect([...discoverMessage({ mac }, transaction).options.keys()]).toEqual([53, 61, 55]);
  });
});
