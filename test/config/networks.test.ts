import { describe, expect, it } from 'vitest';
import { checkSettings } from '../../src/config/check.ts';
import type { Loose } from '../../src/config/file.ts';
import { type Locals, planNetworks } from '../../src/config/networks.ts';
import { describePool } from '../../src/dhcp/pool.ts';
import { BootwrightError } from '../../src/errors.ts';

const cards: Record<string, string> = { eth0: '10.0.0.1', eth1: '10.1.0.1' };
/** A computer with two network cards; both have IPv6 too. */
const locals: Locals = {
  network({ interface: name = 'eth0', address }) {
    const found = Object.entries(cards).find(([card, own]) =>
      address === undefined ? card === name : own === address,
    );
    if (found === undefined) throw new BootwrightError('INTERFACE_NOT_FOUND', { interface: name, known: '' });
    const [card, own] = found;
    return { interface: card, mac: '52:54:00:00:00:01', address: own, netmask: '255.255.255.0', mtuBytes: 1500 };
  },
  network6: ({ interface: name }) => ({
    address: `fd00:${name.slice(3)}::1`,
    prefix: { address: `fd00:${name.slice(3)}::`, prefixBits: 64 },
  }),
};

const plan = (settings: Loose) => planNetworks(checkSettings(settings, String), locals);

/** The error that a person gets, without its remedy. */
function complaint(settings: Loose): string {
  try {
    plan(settings);
  } catch (error) {
    if (error instanceof BootwrightError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing';
}

describe('one network', () => {
  it('without a range, DHCP is off', () => {
    expect(plan({}).interfaces).toMatchObject([{ interface: 'eth0', address: '10.0.0.1' }]);
    expect(plan({}).interfaces[0]?.dhcp).toBeUndefined();
    expect(plan({}).interfaces[0]?.dhcp6).toBeUndefined();
  });

  it('with a range it is a server, and neither we nor the router nor a name server are given away', () => {
    const range = '10.0.0.1-10.0.0.9, 10.0.0.20 - 10.0.0.29';
    const [served] = plan({ dhcp: { range, router: '10.0.0.2', dns: ['10.0.0.3'] } }).interfaces;
    expect(served?.dhcp).toMatchObject({ name: 'eth0', mode: 'server', serverAddress: '10.0.0.1', leaseSeconds: 3600 });
    expect(served?.dhcp?.pools.map(describePool)).toEqual(['10.0.0.1 to 10.0.0.9', '10.0.0.20 to 10.0.0.29']);
    const kept = [0x0a000001, 0x0a000002, 0x0a000003];
    expect(kept.every((address) => served?.dhcp?.pools[0]?.reserved.has(address))).toBe(true);
  });

  it('with reservations alone it is a server, too; their texts are as messages have them', () => {
    const reservations = [
      { mac: '52-54-00-AA-BB-CC', address: '10.0.0.7', hostName: 'm7' },
      { clientId: 'FF:00:01', address: '10.0.0.8' },
      { uuid: '4C4C4544-0042-3510-8052-B4C04F4E4D32', address: '10.0.0.9' },
    ];
    const [served] = plan({ dhcp: { reservations } }).interfaces;
    expect(served?.dhcp?.mode).toBe('server');
    expect(served?.dhcp?.reservations).toEqual([
      { mac: '52:54:00:aa:bb:cc', address: '10.0.0.7', hostName: 'm7' },
      { clientId: 'ff0001', address: '10.0.0.8' },
      { uuid: '4c4c4544-0042-3510-8052-b4c04f4e4d32', address: '10.0.0.9' },
    ]);
  });

  it('a proxy gives no addresses', () => {
    expect(plan({ dhcp: { mode: 'proxy' } }).interfaces[0]?.dhcp).toMatchObject({ mode: 'proxy', pools: [] });
    expect(complaint({ dhcp: { mode: 'proxy', range: '10.0.0.2-10.0.0.9' } })).toMatch(
      /^DHCP_PROXY_GIVES_NOTHING: .*eth0/,
    );
    expect(complaint({ dhcp: { mode: 'server' } })).toMatch(/^DHCP_NOTHING_TO_GIVE: .*eth0/);
  });

  it('off is off, whatever else is set', () => {
    const { interfaces } = plan({ dhcp: { mode: 'off', range: '10.0.0.2-10.0.0.9' } });
    expect(interfaces[0]?.dhcp).toBeUndefined();
  });

  it('routes and options are read once', () => {
    const routes = ['10.1.0.0/16 via 10.0.0.254'];
    const [served] = plan({ dhcp: { range: '10.0.0.2-10.0.0.9', routes, options: { 252: 'x' } } }).interfaces;
    expect(served?.dhcp?.routes).toEqual([{ destination: '10.1.0.0/16', via: '10.0.0.254' }]);
    expect(served?.dhcp?.extraOptions?.get(252)).toEqual(Uint8Array.of(0x78));
  });

  it('IPv6 is on with a range of its own', () => {
    const [served] = plan({ dhcp6: { range: 'fd00:0::100-fd00:0::1ff', domain: 'example.net' } }).interfaces;
    expect(served?.dhcp).toBeUndefined();
    expect(served?.dhcp6).toMatchObject({ mode: 'server', serverAddress: 'fd00::1', domains: ['example.net'] });
  });
});

describe('what is reserved of IPv6', () => {
  const reserved = (...reservations: readonly Loose[]) => ({ dhcp6: { reservations } });
  const mac = '52:54:00:12:34:56';

  it('is meant however it is written', () => {
    const [served] = plan(reserved({ mac, address: 'FD00:0:0::0010' })).interfaces;
    expect(served?.dhcp6?.reservations).toEqual([{ mac, address: 'fd00::10' }]);
  });

  it.each([
    [[{ mac, address: 'fd09::10' }], 'fd09::10 cannot be reserved: no machine in fd00::/64 can have it'],
    [[{ mac, address: 'fd00::' }], 'fd00:: cannot be reserved: no machine in fd00::/64 can have it'],
    [[{ mac, address: 'fd00:0::1' }], 'fd00::1 cannot be reserved: it is that of this server or of a name server'],
    [[{ address: 'fd00::10' }], 'fd00::10 cannot be reserved: it names no machine: no mac, no uuid and no duid'],
    [
      [
        { mac, address: 'fd00::10' },
        { duid: '00:01', address: 'fd00::0:10' },
      ],
      'fd00::10 cannot be reserved: it is reserved already',
    ],
  ])('is refused where no machine would get it: %j', (reservations, message) => {
    expect(complaint(reserved(...reservations))).toBe(`DHCP_RESERVATION_INVALID: the address ${message}`);
  });

  it('nor is there an address that is none', () => {
    expect(complaint(reserved({ mac, address: 'fd00:::10' }))).toMatch(/^CONFIG_BAD_VALUE: .*fd00:::10/);
    expect(complaint({ dhcp6: { dns: ['fd00::1::2'] } })).toMatch(/^CONFIG_BAD_VALUE: .*fd00::1::2/);
  });
});

describe('more networks', () => {
  const first = { interface: 'eth0', dhcp: { range: '10.0.0.2-10.0.0.9', leaseSeconds: 120, domain: 'example.net' } };

  it('each has its own mode and addresses; what it does not say of times and names is as above', () => {
    const networks = [
      { interface: 'eth1', dhcp: { range: '10.1.0.2-10.1.0.9', dns: ['10.1.0.5'] } },
      { relayed: '10.2.0.0/24', dhcp: { range: '10.2.0.2-10.2.0.9', router: '10.2.0.1', leaseSeconds: 60 } },
    ];
    const { interfaces, relayed } = plan({ ...first, networks });
    expect(interfaces.map(({ interface: name }) => name)).toEqual(['eth0', 'eth1']);
    expect(interfaces[1]?.dhcp).toMatchObject({
      serverAddress: '10.1.0.1',
      leaseSeconds: 120,
      domain: 'example.net',
      dns: ['10.1.0.5'],
    });
    expect(interfaces[1]?.dhcp).not.toHaveProperty('router');
    // Behind a relay, machines reach us under the address that the first network has.
    expect(relayed).toMatchObject([{ name: '10.2.0.0/24', serverAddress: '10.0.0.1', leaseSeconds: 60 }]);
  });

  it('what is behind a relay is told apart by its addresses', () => {
    const networks = [{ relayed: '10.0.0.0/16', dhcp: { range: '10.0.9.2-10.0.9.9' } }];
    expect(complaint({ ...first, networks })).toMatch(/^NETWORK_TWICE: .*eth0 and 10\.0\.0\.0\/16/);
    expect(complaint({ ...first, networks: [{ interface: 'eth0' }] })).toMatch(/^NETWORK_TWICE/);
  });

  it('one that does not say where it is is refused', () => {
    const networks = [{ interface: 'eth1' }, { dhcp: { range: '10.3.0.2-10.3.0.9' } }];
    expect(complaint({ ...first, networks })).toMatch(/^NETWORK_WITHOUT_PLACE: network 2/);
  });

  it('also of IPv6: no address can be given by two of them', () => {
    const dhcp6 = { range: 'fd00:0::100-fd00:0::1ff' };
    const behind = (relayed6: string) => ({
      ...first,
      dhcp6,
      networks: [{ relayed6, dhcp6: { range: 'fd00:0::200-fd00:0::2ff' } }],
    });
    expect(complaint(behind('FD00::/64'))).toMatch(/^NETWORK_TWICE: .*eth0 and fd00::\/64/);
    expect(complaint(behind('fd00::/48'))).toMatch(/^NETWORK_TWICE: .*eth0 and fd00::\/48/);
    const apart = [{ relayed6: 'fd00:2::/64', dhcp6: { range: 'fd00:2::200-fd00:2::2ff' } }];
    expect(complaint({ ...first, dhcp6, networks: apart })).toBe('nothing');
  });

  it('of IPv6 behind a relay, too', () => {
    const networks = [{ relayed6: 'fd00:2::/64', dhcp6: { address: 'fd00:0::1', range: 'fd00:2::10-fd00:2::20' } }];
    const { relayed6 } = plan({ ...first, networks });
    expect(relayed6).toMatchObject([
      { name: 'fd00:2::/64', serverAddress: 'fd00::1', prefix: { address: 'fd00:2::', prefixBits: 64 } },
    ]);
  });
});
