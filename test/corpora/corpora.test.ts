import { describe, expect, it } from 'vitest';
import { Dissector } from '../../src/capture/dissect.ts';
import { readRecording } from '../../src/capture/recording.ts';
import { replay } from '../../src/capture/replay.ts';
import { DhcpReplay } from '../../src/capture/replay-dhcp.ts';
import { networkOf as networkOfReplay } from '../../src/capture/replay-network.ts';
import { Networks } from '../../src/dhcp/choose-network.ts';
import type { Network } from '../../src/dhcp/network.ts';
import { optionTable as optionTable4, readOption as readOption4 } from '../../src/dhcp/options.ts';
import { decodePacket } from '../../src/dhcp/packet.ts';
import type { Network6 } from '../../src/dhcp6/network.ts';
import { optionTable as optionTable6, readOption as readOption6 } from '../../src/dhcp6/options.ts';
import { decodeMessage } from '../../src/dhcp6/packet.ts';
import { BootwrightError } from '../../src/errors.ts';
import { packetCodec } from '../../src/tftp/packet.ts';
import { bootCounter, fullServer, proxyServer } from '../dhcp/boot-counter.ts';
import { counter, networkOf, replyIn } from '../dhcp/machine.ts';
import { counter as counter6, network as network6 } from '../dhcp6/machine.ts';
import { type CorpusFile, corpora, corpus, datagramsIn, packetsIn } from './corpora.ts';

const files = await corpora();

/** What the work throws, where that is one of these codes; whatever else it throws, it throws. */
function codeOf(codes: readonly string[], work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof BootwrightError && codes.includes(error.code)) return error.code;
    throw error;
  }
}

async function payloadsOf(path: string): Promise<readonly Uint8Array[]> {
  return (await datagramsIn({ path, bytes: await corpus(path) })).map(({ payload }) => payload);
}

/** Whatever may be a message in a file: its datagrams, and each tail of its packets, as if headers ended there. */
async function messagesIn(file: CorpusFile): Promise<readonly Uint8Array[]> {
  const packets = await Array.fromAsync(packetsIn(file));
  const tails = packets.flatMap(({ bytes }) => Array.from({ length: 64 }, (_, at) => bytes.subarray(at)));
  return [...(await datagramsIn(file)).map(({ payload }) => payload), ...tails];
}

/** Of every address, so that no relay is a stranger. */
function everywhere(mode: Network['mode']): Network {
  const first = 0x0a000000;
  const pools = mode === 'proxy' ? [] : [{ first, last: first + 999, reserved: new Set<number>() }];
  return networkOf('10.0.0', [], { mode, pools, subnet: { address: '10.0.0.1', netmask: '0.0.0.0' } });
}

function everywhere6(mode: Network6['mode']): Network6 {
  const ranges = mode === 'proxy' ? [] : network6.ranges;
  return { ...network6, mode, ranges, prefix: { address: '::', prefixBits: 0 } };
}

const modes = ['server', 'proxy'] as const;
const ports = ['server', 'binl'] as const;

describe.each(files.map((file) => [file.path, file] as const))('%s', (_, file) => {
  it('is read to its end, and every packet of it is taken apart', async () => {
    const dissector = new Dissector();
    const packets = await Array.fromAsync(packetsIn(file));
    expect(packets.length).toBeGreaterThan(0);
    for (const packet of packets) expect(dissector.dissect(packet)).toHaveProperty('kind');
  });

  it('as messages to a server and to a proxy, on each port: answered, passed over or named malformed', async () => {
    for (const bytes of await messagesIn(file)) {
      codeOf(['DHCP_MALFORMED'], () => decodePacket(bytes));
      codeOf(['DHCP6_MALFORMED'], () => decodeMessage(bytes));
      codeOf(['TFTP_MALFORMED'], () => packetCodec.decode(bytes));
    }
    for (const mode of modes) {
      for (const port of ports) {
        const { ask } = counter({ network: everywhere(mode), port, relayed: [everywhere(mode)] });
        const desk6 = counter6({ network: everywhere6(mode) });
        for (const bytes of await messagesIn(file)) {
          codeOf(['DHCP_MALFORMED'], () => ask(bytes));
          codeOf(['DHCP6_MALFORMED'], () => desk6.ask(bytes, 'fe80::1', { port }));
        }
      }
    }
  });
});

describe.each(modes)('replayed as a %s', (mode) => {
  const captures = files.filter(({ path }) => !path.startsWith('kea/'));

  it.each(captures.map((file) => [file.path, file] as const))('%s', async (_, file) => {
    const recording = await readRecording(packetsIn(file));
    const server = { address: '10.0.0.1', netmask: '255.0.0.0' };
    const range = { first: '10.0.0.10', last: '10.0.0.99' };
    const network = networkOfReplay({ server, range, mode, httpPort: 80 }, recording.server);
    if (network === undefined) throw new Error('no network');
    const networks = new Networks([{ interface: 'eth0', network }], []);
    const catalog = { activeId: undefined, loaderOf: () => undefined, hasLoader: () => true, whyNoLoader: () => '' };
    const dhcp = new DhcpReplay({ networks, interface: 'eth0', catalog, overrides: {} }, recording);
    for await (const { kind } of replay(packetsIn(file), { dhcp, httpPorts: [80] })) {
      expect(kind).toMatch(/^(message|file)$/);
    }
  });
});

describe('what is known of some of them', () => {
  it('netboot: the DISCOVER of a PXE ROM is one of a BIOS; the server offers GRUB with an address, the proxy without', async () => {
    const [discover = new Uint8Array()] = await payloadsOf('netboot/dhcp.pcap');
    const full = replyIn(bootCounter({ network: fullServer }).ask(discover));
    expect(full.packet).toMatchObject({ yiaddr: '10.0.0.10', siaddr: '10.0.0.1', file: 'loaders/grub-bios.0' });
    expect(full.option('vendorClass')).toBe('PXEClient');
    const proxied = replyIn(bootCounter({ network: proxyServer }).ask(discover));
    expect(proxied.packet).toMatchObject({ yiaddr: '0.0.0.0', file: 'loaders/grub-bios.0' });
    expect(proxied.option('leaseTime')).toBeUndefined();
    expect(proxied.option('machineIdentifier')).toEqual(decodePacket(discover).options.get(97));
  });

  it('netboot: a DHCPv6 client without firmware gets an address of its own, and no word from a proxy', async () => {
    const [solicit = new Uint8Array()] = await payloadsOf('netboot/dhcp6.pcap');
    expect(counter6().ask(solicit)?.events).toMatchObject([{ step: 'offered' }]);
    expect(counter6({ network: { mode: 'proxy', ranges: [] } }).ask(solicit)?.datagram).toBeUndefined();
  });

  it('tcpdump, RFC 3004: three user classes', async () => {
    const [discover = new Uint8Array()] = await payloadsOf('tcpdump/dhcp-rfc3004.pcap');
    const { options } = decodePacket(discover);
    expect(readOption4(options, 'userClasses')).toEqual(['subopt1', 'subopt2-123456789', 'subopt3-12']);
  });

  it('tcpdump, RFC 8520: the URL of option 161 is left alone, and does not come back', async () => {
    const [request = new Uint8Array()] = await payloadsOf('tcpdump/dhcp-mud.pcap');
    const mud = decodePacket(request).options.get(161);
    expect(Buffer.from(mud ?? []).toString()).toBe('https://mudctl.example.com/.well-known/mud/v1/rasbp101');
    const reservations = [{ mac: 'b8:27:eb:b8:53:c8', address: '62.12.173.123' }];
    const network = networkOf('62.12.173', [], { serverAddress: '10.0.0.1', reservations });
    const { packet, to, port } = replyIn(counter({ relayed: [network] }).ask(request));
    expect([packet.options.has(161), to, port]).toEqual([false, '62.12.173.121', 'relay']);
  });

  it('tcpdump, RFC 5970 and RFC 8572: what another server sends as the URL of a boot file is read, URL or not', async () => {
    const answers = (await payloadsOf('tcpdump/dhcpv4v6-rfc5970-rfc8572.pcap')).flatMap((bytes) => {
      if (bytes[0] !== 7) return [];
      const message = decodeMessage(bytes);
      return readOption6(message.options, 'bootFileUrl') ?? [];
    });
    expect(answers).toEqual(['my-startup-config']);
  });

  it.each(['tcpdump/bootp_asan.pcap', 'tcpdump/bootp_asan-2.pcap'])(
    '%s, which overran a reader: malformed',
    async (path) => {
      const [packet] = await Array.fromAsync(packetsIn({ path, bytes: await corpus(path) }));
      const afterHeaders = packet?.bytes.subarray(14 + 20 + 8) ?? new Uint8Array();
      expect(() => decodePacket(afterHeaders)).toThrow(expect.objectContaining({ code: 'DHCP_MALFORMED' }));
    },
  );

  it('nDPI, found by fuzzing: an option that leaves the message', async () => {
    const [bytes = new Uint8Array()] = await payloadsOf('ndpi/dhcp-fuzz.pcapng');
    expect(() => decodePacket(bytes)).toThrow('49 bytes needed at offset 263, 37 there');
  });

  it('zeek: three DISCOVERs with another cookie are malformed, the two others are answered', async () => {
    const { ask } = counter();
    const messages = await payloadsOf('zeek/dhcp_bad_cookie_option_retention.pcap');
    const codes = messages.map((bytes) => codeOf(['DHCP_MALFORMED'], () => replyIn(ask(bytes))));
    expect(codes.toSorted()).toEqual(['DHCP_MALFORMED', 'DHCP_MALFORMED', 'DHCP_MALFORMED', undefined, undefined]);
  });

  it('zeek: a client identifier of type 0, as of a Cisco router; it is known by its MAC address', async () => {
    const [request = new Uint8Array()] = await payloadsOf('zeek/hw-type0.pcap');
    const { options } = decodePacket(request);
    expect(options.get(optionTable4.clientIdentifier.code)?.[0]).toBe(0);
    expect(counter().ask(request)?.mac).toBe('cc:00:0a:c4:00:00');
  });

  it('zeek: fifty machines get fifty addresses', async () => {
    const { ask } = counter({ network: fullServer });
    const discovers = await payloadsOf('zeek/dhcp-unique-xid-join-data-growth.pcapng');
    const offered = discovers.map((bytes) => replyIn(ask(bytes)).packet.yiaddr);
    expect([offered.length, new Set(offered).size]).toEqual([50, 50]);
  });

  it('kea: the message through a relay goes back to it; the half frame is none', async () => {
    const [relayed = new Uint8Array()] = await payloadsOf('kea/full-dhcp-packet.pkt4');
    expect(replyIn(counter({ relayed: [everywhere('server')] }).ask(relayed)).to).toBe('10.1.0.1');
    expect(await payloadsOf('kea/udp-header.pkt4')).toEqual([]);
    const [solicit = new Uint8Array()] = await payloadsOf('kea/full-dhcp-packet.pkt6');
    expect(decodeMessage(solicit).options.some(({ code }) => code === optionTable6.association.code)).toBe(true);
  });

  it('tcpdump: a TFTP read request, and one whose name has no end', async () => {
    const [read = new Uint8Array()] = await payloadsOf('tcpdump/tftp.pcap');
    expect(packetCodec.decode(read)).toMatchObject({ kind: 'read', path: 'file1', mode: 'octet' });
    const [endless = new Uint8Array()] = await payloadsOf('tcpdump/tftp-heapoverflow.pcap');
    expect(() => packetCodec.decode(endless)).toThrow('the file name has no end');
  });
});
