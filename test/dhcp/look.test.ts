import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Look, lookForServers } from '../../src/dhcp/look.ts';
import { encodeOptions, type OptionValues, readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { BootwrightError } from '../../src/errors.ts';
import { parseMac } from '../../src/wire/addresses.ts';
import { BroadcastWire } from '../support/broadcast-wire.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

type Reply = (request: DhcpPacket, count: number) => Uint8Array | undefined;

const offer = (request: DhcpPacket, options: OptionValues = {}, fields: Partial<DhcpPacket> = {}): Uint8Array =>
  encodePacket({
    ...request,
    op: 'reply',
    yiaddr: '10.0.0.50',
    options: encodeOptions({ messageType: 'offer', serverIdentifier: '10.0.0.9', ...options }),
    ...fields,
  });

/** Somebody on the wire who answers each DISCOVER as told. */
async function lookAmong(replies: readonly Reply[], mac?: string) {
  const wire = new BroadcastWire();
  const clock = new SimulatedClock();
  const heard: { readonly atMs: number; readonly packet: DhcpPacket }[] = [];
  for (const [index, reply] of replies.entries()) {
    let count = 0;
    await wire.open({ address: `10.0.0.${index + 9}`, port: 67 }, (bytes, _, socket) => {
      const packet = decodePacket(bytes);
      if (index === 0) heard.push({ atMs: clock.elapsedMs(), packet });
      count += 1;
      const answer = reply(packet, count);
      if (answer !== undefined) socket.send(answer, { address: '255.255.255.255', port: 68 });
    });
  }
  const options = { udp: wire, clock, interface: 'eth0', ourAddress: '10.0.0.1' };
  const look = await clock.run(lookForServers({ ...options, ...(mac === undefined ? {} : { mac }) }));
  return { look, heard, tookMs: clock.elapsedMs(), sent: wire.sent };
}

const nobody: Look = { looked: true, servers: [] };

describe('a look for other DHCP servers', () => {
  it('names each server with its first offer', async () => {
    const { look, tookMs } = await lookAmong([
      (request) => offer(request, { subnetMask: '255.255.255.0', router: ['10.0.0.254', '10.0.0.253'] }),
      (request) => offer(request, { serverIdentifier: '10.0.0.10' }, { yiaddr: '10.0.0.77', siaddr: '10.0.0.3' }),
    ]);
    expect(look).toEqual({
      looked: true,
      servers: [
        { server: '10.0.0.9', offered: '10.0.0.50', netmask: '255.255.255.0', router: '10.0.0.254' },
        { server: '10.0.0.10', offered: '10.0.0.77', nextServer: '10.0.0.3' },
      ],
    });
    expect(tookMs).toBe(300);
  });

  it('asks three times in three and a half seconds where nobody answers, and takes nothing', async () => {
    const { look, heard, tookMs, sent } = await lookAmong([() => undefined]);
    expect(look).toEqual(nobody);
    expect(tookMs).toBe(3500);
    expect(heard.map(({ atMs }) => Math.round(atMs / 100))).toEqual([0, 12, 23]);
    expect(heard.map(({ packet }) => packet.secs)).toEqual([0, 1, 2]);
    expect(new Set(heard.map(({ packet }) => packet.xid)).size).toBe(1);
    expect(sent.map(({ bytes }) => readOption(decodePacket(bytes).options, 'messageType'))).toEqual([
      'discover',
      'discover',
      'discover',
    ]);
  });

  it('asks as a machine that is none, under another address each time, and says nothing of PXE', async () => {
    const macs = new Set<string>();
    for (let count = 0; count < 8; count += 1) {
      const { heard } = await lookAmong([(request) => offer(request)]);
      const [{ packet } = { packet: undefined }] = heard;
      const first = packet?.chaddr[0] ?? 0;
      expect(first & 0b11).toBe(0b10);
      expect([...(packet?.options.keys() ?? [])]).toEqual([53, 55]);
      expect(packet?.broadcast).toBe(true);
      macs.add(String(packet?.chaddr));
    }
    expect(macs.size).toBe(8);
  });

  it('asks under the address that a switch lets through, where one is given', async () => {
    const { heard } = await lookAmong([() => undefined], '52:54:00:12:34:56');
    expect(heard[0]?.packet.chaddr).toEqual(parseMac('52:54:00:12:34:56'));
  });

  it('finds a server of which the network loses the first messages', async () => {
    const { look, tookMs } = await lookAmong([(request, count) => (count < 3 ? undefined : offer(request))]);
    expect(look).toMatchObject({ servers: [{ server: '10.0.0.9' }] });
    expect(Math.round(tookMs / 100)).toBe(26);
  });

  it('takes the sender for the server where it does not name itself, and a wrong netmask for none', async () => {
    const options = new Map([...encodeOptions({ messageType: 'offer' }), [1, Uint8Array.of(255)] as const]);
    const { look } = await lookAmong([(request) => offer(request, {}, { options })]);
    expect(look).toEqual({ looked: true, servers: [{ server: '10.0.0.9', offered: '10.0.0.50' }] });
  });

  it('counts no more than sixteen, however many names somebody answers under', async () => {
    let name = 0;
    const many: Reply = (request) => {
      name += 1;
      return offer(request, { serverIdentifier: `10.0.1.${name}` });
    };
    const { look } = await lookAmong(Array.from({ length: 40 }, () => many));
    expect(look.looked && look.servers.length).toBe(16);
  });

  it.each<[string, Reply]>([
    ['our own offer', (request) => offer(request, { serverIdentifier: '10.0.0.1' })],
    ['nonsense', () => Uint8Array.of(2, 1)],
    ['an offer to somebody else', (request) => offer({ ...request, xid: request.xid ^ 1 })],
    ['an offer to another machine', (request) => offer(request, {}, { chaddr: new Uint8Array(6) })],
    ['an offer without an address', (request) => offer(request, {}, { yiaddr: '0.0.0.0' })],
    ['an acknowledgement', (request) => offer(request, { messageType: 'ack' })],
    ['a message without a type', (request) => offer(request, {}, { options: new Map() })],
    ['its own question', (request) => encodePacket(request)],
  ])('takes %s for no server', async (_, reply) => {
    expect((await lookAmong([reply])).look).toEqual(nobody);
  });

  it('says why it could not look', async () => {
    const clock = new SimulatedClock();
    const ask = (udp: Parameters<typeof lookForServers>[0]['udp']) =>
      clock.run(lookForServers({ udp, clock, interface: 'eth0', ourAddress: '10.0.0.1' }));
    const forbidden = new BootwrightError('UDP_PORT_FORBIDDEN', { address: '0.0.0.0', port: 68 });
    expect(await ask({ open: () => Promise.reject(forbidden) })).toEqual({
      looked: false,
      reason: 'no permission to open UDP port 68 of 0.0.0.0',
    });
    let isClosed = false;
    const local = { address: '0.0.0.0', port: 68 };
    const down = {
      local,
      send: (_bytes: Uint8Array, _to: unknown, sent?: (error: Error) => void) => sent?.(new Error('send ENETDOWN')),
      close: async () => {
        isClosed = true;
      },
    };
    expect(await ask({ open: async () => down })).toEqual({ looked: false, reason: 'send ENETDOWN' });
    expect(isClosed).toBe(true);
  });
});

describeWith({ programs: ['ip', 'dnsmasq', 'kea-dhcp4', 'dhclient'], root: true }, 'beside real DHCP servers', () => {
  const script = fileURLToPath(new URL('./look-process.ts', import.meta.url));
  let pair: NetnsPair;
  let folder: string;
  const running: PromiseLike<unknown>[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootwright-look-'));
    pair = await createNetns({ server: '10.77.0.1/24', client: '10.77.0.2/24' });
  });
  afterEach(async () => {
    await pair.remove();
    await Promise.all(running.splice(0));
    await rm(folder, { recursive: true });
  });

  async function look(): Promise<Look & { readonly tookMs: number }> {
    const { stdout } = await pair.client.run(process.execPath, [script, '10.77.0.2']);
    return JSON.parse(String(stdout));
  }

  /** Starts a program, and waits until it says so, up to ten seconds. */
  async function start(where: 'server' | 'client', words: readonly string[], isReady: RegExp, env = {}): Promise<void> {
    const [program = '', ...args] = words;
    const child = pair[where].run(program, args, { reject: false, all: true, buffer: false, env });
    running.push(child);
    let said = '';
    child.all?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    for (let tries = 0; !isReady.test(said); tries += 1) {
      if (tries === 200) throw new Error(`${program} did not start: ${said}`);
      await sleep(50);
    }
  }

  const dnsmasq = (...more: readonly string[]) => [
    'dnsmasq',
    '--keep-in-foreground',
    '--log-facility=-',
    '--port=0',
    '--interface=eth0',
    '--bind-interfaces',
    '--dhcp-range=10.77.0.50,10.77.0.60,600',
    '--dhcp-authoritative',
    `--dhcp-leasefile=${join(folder, 'dnsmasq.leases')}`,
    `--pid-file=${join(folder, 'dnsmasq.pid')}`,
    '--conf-file=/dev/null',
    ...more,
  ];

  it('finds nobody where nobody is', async () => {
    const { tookMs, ...found } = await look();
    expect(found).toEqual(nobody);
    expect(tookMs).toBeLessThan(4500);
  });

  it('finds dnsmasq', async () => {
    await start('server', dnsmasq('--no-ping'), /sockets bound|DHCP, IP range/);
    const { tookMs, ...found } = await look();
    expect(found).toEqual({
      looked: true,
      servers: [
        {
          server: '10.77.0.1',
          offered: expect.stringMatching(/^10\.77\.0\.[56]\d$/),
          netmask: '255.255.255.0',
          router: '10.77.0.1',
          // Unless it is told another one.
          nextServer: '10.77.0.1',
        },
      ],
    });
    expect(tookMs).toBeLessThan(2000);
  });

  it('finds dnsmasq that pings an address for three seconds first, and leaves no lease with it', async () => {
    await start('server', dnsmasq(), /sockets bound|DHCP, IP range/);
    expect(await look()).toMatchObject({ looked: true, servers: [{ server: '10.77.0.1' }] });
    const { stdout } = await pair.server.run('cat', [join(folder, 'dnsmasq.leases')]);
    expect(stdout).toBe('');
  });

  it('finds Kea', async () => {
    const config = join(folder, 'kea.json');
    const settings = {
      'interfaces-config': { interfaces: ['eth0'] },
      'lease-database': { type: 'memfile', persist: false },
      subnet4: [
        {
          subnet: '10.77.0.0/24',
          pools: [{ pool: '10.77.0.70 - 10.77.0.80' }],
          'option-data': [{ name: 'routers', data: '10.77.0.254' }],
        },
      ],
    };
    await writeFile(config, JSON.stringify({ Dhcp4: settings }));
    const env = { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: 'none' };
    await start('server', ['kea-dhcp4', '-c', config], /DHCP4_STARTED/, env);
    expect(await look()).toMatchObject({
      looked: true,
      servers: [{ server: '10.77.0.1', offered: '10.77.0.70', netmask: '255.255.255.0', router: '10.77.0.254' }],
    });
  });

  it('finds it also where this machine has a DHCP client of its own on the port', async () => {
    await start('server', dnsmasq('--no-ping'), /sockets bound|DHCP, IP range/);
    const at = (name: string) => join(folder, name);
    const words = ['dhclient', '-d', '-4', '-sf', '/bin/true', '-lf', at('leases'), '-pf', at('pid'), 'eth0'];
    await start('client', words, /bound to 10\.77\.0\./);
    const { stdout } = await pair.client.run('ss', ['-lunp']);
    expect(stdout).toMatch(/:68\b.*dhclient/);
    expect(await look()).toMatchObject({ looked: true, servers: [{ server: '10.77.0.1' }] });
  });

  it('says so where another program lets nobody share the port', async () => {
    const holder = "require('node:dgram').createSocket('udp4').bind(68, () => console.log('bound'))";
    await start('client', [process.execPath, '-e', holder], /bound/);
    expect(await look()).toMatchObject({
      looked: false,
      reason: 'UDP port 68 of 0.0.0.0 is in use by another program',
    });
  });
});
