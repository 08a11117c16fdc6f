import { describe, expect, it } from 'vitest';
import { statusCodes } from '../../src/dhcp6/option-codecs.ts';
import { readOption } from '../../src/dhcp6/options.ts';
import {
  addressIn,
  counter,
  duidLL,
  duidUuid,
  given,
  heard,
  linkLocal,
  message,
  options,
  serverDuid,
  wants,
} from './machine.ts';

const macA = '52:54:00:00:00:0a';
const macB = '52:54:00:00:00:0b';
const idA = options({ clientId: duidLL(macA) });
const idB = options({ clientId: duidLL(macB) });
const toUs = options({ serverId: serverDuid });

describe('an address', () => {
  it('is advertised, then given, renewed, rebound and confirmed', () => {
    const { hear, ask } = counter();
    const advertised = hear(message('solicit', idA, wants(7)));
    expect(advertised.type).toBe('advertise');
    const address = addressIn(advertised);
    expect(address).toMatch(/^fd00::1[0-9a-f]{2}$/);
    const reply = hear(message('request', idA, toUs, wants(7, address)));
    expect(reply).toMatchObject({ type: 'reply', transaction: 0xabcdef });
    expect(readOption(reply.options, 'clientId')).toEqual(duidLL(macA));
    expect(readOption(reply.options, 'serverId')).toEqual(serverDuid);
    expect(readOption(reply.options, 'association')).toMatchObject({ iaid: 7, t1: 500, t2: 800 });
    expect(given(reply)).toEqual([{ iaid: 7, addresses: [[address, 1000]], status: undefined }]);
    expect(addressIn(hear(message('renew', idA, toUs, wants(7, address))))).toBe(address);
    expect(addressIn(hear(message('rebind', idA, wants(7, address))))).toBe(address);
    expect(readOption(hear(message('confirm', idA, wants(7, address))).options, 'status')?.code).toBe(0);
    expect(ask(message('request', idA, toUs, wants(7, address)))?.events).toEqual([
      { step: 'acknowledged', mac: macA, address },
    ]);
  });

  it('is given at once where the machine wants it so, and only then', () => {
    const { hear, leases } = counter();
    const reply = hear(message('solicit', idA, wants(7), options({ rapidCommit: true })));
    expect(reply.type).toBe('reply');
    expect(readOption(reply.options, 'rapidCommit')).toBe(true);
    expect(leases.leases()).toMatchObject([{ address: addressIn(reply), iaid: 7, state: 'bound' }]);
    const other = hear(message('request', idB, toUs, wants(7)));
    expect(readOption(other.options, 'rapidCommit')).toBeUndefined();
  });

  it('is only said, not held, by an ADVERTISE', () => {
    const { hear, leases } = counter();
    hear(message('solicit', idA, wants(7)));
    expect(leases.takeChanges().leases).toEqual([]);
  });

  it('is the one that the machine wishes, where it is free', () => {
    const { hear } = counter();
    expect(addressIn(hear(message('request', idA, toUs, wants(7, 'fd00::123'))))).toBe('fd00::123');
    expect(addressIn(hear(message('request', idB, toUs, wants(7, 'fd00::123'))))).not.toBe('fd00::123');
  });

  it('is never that of a name server', () => {
    const ranges = [{ first: 'fd00::53', last: 'fd00::53' }];
    const { hear } = counter({ network: { ranges } });
    expect(given(hear(message('solicit', idA, wants(1))))).toMatchObject([{ addresses: [] }]);
    expect(given(hear(message('request', idA, toUs, wants(1, 'fd00::53'))))).toMatchObject([{ addresses: [] }]);
  });

  it('is not passed over for good where it was not given: refused by the disk, promised only, or reserved', () => {
    const ranges = [{ first: 'fd00::100', last: 'fd00::1ff' }];
    const reservation = { mac: '52:54:00:ff:ff:ff', address: 'fd00::180' };
    const { hear, leases } = counter({ network: { ranges, reservations: [reservation] } });
    const idOf = (machine: number) => options({ clientId: duidUuid(machine) });
    const seen = new Set<string | undefined>();
    const take = (...machines: readonly number[]) => {
      for (const machine of machines) {
        const [association] = given(hear(message('request', idOf(machine), toUs, wants(1))));
        seen.add(association?.addresses[0]?.[0] ?? 'none');
      }
    };
    take(...Array.from({ length: 253 }, (_, machine) => machine));
    leases.takeChanges();
    hear(message('solicit', idOf(253), wants(1), wants(2)));
    take(253);
    leases.takeChanges().undo();
    take(253, 254);
    leases.reserve([]);
    take(255);
    expect([...seen].toSorted()).toEqual(
      Array.from({ length: 256 }, (_, last) => `fd00::1${last.toString(16).padStart(2, '0')}`),
    );
  });

  it("is never the server's, and never that of all routers", () => {
    const { hear } = counter({ network: { ranges: [{ first: 'fd00::', last: 'fd00::2' }] } });
    for (const wish of ['fd00::', 'fd00::1']) {
      expect(addressIn(hear(message('solicit', idA, wants(7, wish))))).toBe('fd00::2');
    }
  });

  it('is another one for each of several that one message asks for', () => {
    const { hear } = counter();
    const reply = hear(message('request', idA, toUs, wants(1), wants(2), wants(3, 'fd00::111')));
    const addresses = given(reply).map(({ addresses: [first] }) => first?.[0]);
    expect(new Set(addresses).size).toBe(3);
    const again = hear(message('renew', idA, toUs, wants(3), wants(1), wants(2)));
    expect(given(again).map(({ addresses: [first] }) => first?.[0])).toEqual([
      addresses[2],
      addresses[0],
      addresses[1],
    ]);
  });

  it('is not there when all are given; it is again when a lease ends', () => {
    const { hear, ask, pass } = counter({ network: { ranges: [{ first: 'fd00::100', last: 'fd00::101' }] } });
    for (const mac of [macA, macB]) hear(message('request', options({ clientId: duidLL(mac) }), toUs, wants(1)));
    const third = message('solicit', options({ clientId: duidLL('52:54:00:00:00:0c') }), wants(1));
    const refused = ask(third);
    expect(given(heard(refused))).toEqual([{ iaid: 1, addresses: [], status: statusCodes.noAddresses }]);
    const reason = 'there is no address left of fd00::100 to fd00::101: every one is leased or declined';
    expect(refused?.events).toEqual([{ step: 'not-answered', mac: '52:54:00:00:00:0c', reason }]);
    pass(1001);
    expect(addressIn(hear(third))).toMatch(/^fd00::10[01]$/);
  });

  it('is found in a range that is larger than any table', () => {
    const { hear } = counter({ network: { ranges: [{ first: 'fd00::1:0:0:0', last: 'fd00::ffff:ffff:ffff:ffff' }] } });
    const addresses = Array.from({ length: 200 }, (_, machine) => {
      const id = options({ clientId: duidUuid(machine) });
      return addressIn(hear(message('request', id, toUs, wants(1))));
    });
    expect(new Set(addresses).size).toBe(200);
  });
});

describe('one machine', () => {
  it('that calls itself otherwise gets the same address: its card is the same', () => {
    const { hear } = counter();
    const from = linkLocal(macA);
    const firmware = addressIn(hear(message('request', options({ clientId: duidUuid(9) }), toUs, wants(0x5eed)), from));
    const system = addressIn(hear(message('request', idA, toUs, wants(1)), from));
    const nextBoot = addressIn(hear(message('solicit', options({ clientId: duidUuid(9) }), wants(0xbeef)), from));
    expect([system, nextBoot]).toEqual([firmware, firmware]);
  });

  it('gets the same address where its DUID alone tells the card', () => {
    const { hear } = counter();
    const firmware = addressIn(
      hear(message('request', options({ clientId: duidUuid(9) }), toUs, wants(5)), linkLocal(macA)),
    );
    expect(addressIn(hear(message('request', idA, toUs, wants(1)), 'fe80::1234:5678:9abc:def0'))).toBe(firmware);
  });

  it('gets the same address when every lease was lost', () => {
    const [one, other] = [counter(), counter()];
    const from = linkLocal(macA);
    const before = addressIn(one.hear(message('request', options({ clientId: duidUuid(9) }), toUs, wants(5)), from));
    expect(addressIn(other.hear(message('request', idA, toUs, wants(1)), from))).toBe(before);
  });

  it('with two cards and one DUID has two addresses', () => {
    const { hear } = counter();
    const one = addressIn(hear(message('request', idA, toUs, wants(1)), linkLocal(macA)));
    const two = addressIn(hear(message('request', idA, toUs, wants(2)), linkLocal(macB)));
    expect(two).not.toBe(one);
    const hidden = addressIn(hear(message('request', idA, toUs, wants(3)), 'fe80::1234:5678:9abc:def0'));
    expect([one, two]).not.toContain(hidden);
  });

  it('is not another one with the same DUID and IAID: copies of a virtual machine', () => {
    const { hear } = counter();
    const copy = options({ clientId: duidUuid(0) });
    const one = addressIn(hear(message('request', copy, toUs, wants(1)), linkLocal(macA)));
    const two = addressIn(hear(message('request', copy, toUs, wants(1)), linkLocal(macB)));
    expect(two).not.toBe(one);
    expect(addressIn(hear(message('renew', copy, toUs, wants(1, one)), linkLocal(macA)))).toBe(one);
    expect(addressIn(hear(message('renew', copy, toUs, wants(1, two)), linkLocal(macB)))).toBe(two);
  });

  it('is not another one that asks from the same place: two DUIDs with different cards', () => {
    const { hear } = counter();
    const [one, two] = [idA, idB].map((id) => addressIn(hear(message('request', id, toUs, wants(1)), linkLocal(macA))));
    expect(two).not.toBe(one);
  });

  it('is known by a relay that tells the card', () => {
    const { hear } = counter();
    const from = linkLocal(macA);
    expect(addressIn(hear(message('solicit', options({ clientId: duidUuid(9) }), wants(5)), from))).toMatch(/^fd00::1/);
  });
});

describe('a reservation', () => {
  const reservations = [
    { mac: macA, address: 'fd00::a' },
    { duid: Buffer.from(duidLL(macB)).toString('hex'), address: 'fd00::150' },
    { uuid: '09090909-0909-0909-0909-090909090909', address: 'fd00::c' },
  ];

  it.each([
    ['a MAC address', idA, 'fd00::a'],
    ['a DUID', idB, 'fd00::150'],
    ['a UUID', options({ clientId: duidUuid(9) }), 'fd00::c'],
  ])('by %s is kept', (_, id, address) => {
    const { hear } = counter({ network: { reservations } });
    expect(addressIn(hear(message('solicit', id, wants(1))))).toBe(address);
    expect(addressIn(hear(message('request', id, toUs, wants(1, 'fd00::1aa'))))).toBe(address);
    expect(given(hear(message('request', id, toUs, wants(1), wants(2))))).toHaveLength(2);
  });

  it("is nobody else's", () => {
    const { hear } = counter({ network: { reservations, ranges: [{ first: 'fd00::150', last: 'fd00::151' }] } });
    const stranger = options({ clientId: duidUuid(1) });
    expect(addressIn(hear(message('request', stranger, toUs, wants(1, 'fd00::150'))))).toBe('fd00::151');
    expect(given(hear(message('renew', stranger, toUs, wants(2, 'fd00::a'))))).toMatchObject([
      { status: statusCodes.noBinding },
    ]);
  });

  it('that comes later is taken at the next renewal, and the address before gets no more time', () => {
    const { hear, leases } = counter();
    const before = addressIn(hear(message('request', idA, toUs, wants(1))));
    leases.reserve(reservations);
    expect(given(hear(message('renew', idA, toUs, wants(1, before))))).toEqual([
      {
        iaid: 1,
        addresses: [
          ['fd00::a', 1000],
          [before, 0],
        ],
        status: undefined,
      },
    ]);
  });
});

describe('what a machine says of its address', () => {
  it("RELEASE: it is nobody else's for ten minutes, since a loader may go on with it, and then anybody's", () => {
    const { ask, hear, pass } = counter({ network: { ranges: [{ first: 'fd00::100', last: 'fd00::100' }] } });
    const take = (id: typeof idA) => given(hear(message('solicit', id, wants(1))))[0]?.addresses.length;
    hear(message('request', idA, toUs, wants(1)));
    const released = ask(message('release', idA, toUs, wants(1, 'fd00::100')));
    expect(released?.events).toEqual([{ step: 'released', mac: macA, address: 'fd00::100' }]);
    expect(readOption(heard(released).options, 'status')?.code).toBe(0);
    expect([take(idA), take(idB)]).toEqual([1, 0]);
    pass(601);
    expect(take(idB)).toBe(1);
    // Also where all others are leased for longer than that.
    hear(message('request', idA, toUs, wants(1)));
    expect(take(idB)).toBe(0);
    hear(message('release', idA, toUs, wants(1, 'fd00::100')));
    pass(601);
    expect(take(idB)).toBe(1);
  });

  it("DECLINE: it is nobody's for ten minutes", () => {
    const { ask, hear, pass } = counter({ network: { ranges: [{ first: 'fd00::100', last: 'fd00::100' }] } });
    const take = () => given(hear(message('solicit', idA, wants(1))))[0]?.addresses.length;
    hear(message('request', idA, toUs, wants(1)));
    expect(ask(message('decline', idA, toUs, wants(1, 'fd00::100')))?.events).toEqual([
      { step: 'declined', mac: macA, address: 'fd00::100' },
    ]);
    expect(take()).toBe(0);
    pass(601);
    expect(take()).toBe(1);
  });

  it.each(['release', 'decline'] as const)('%s of what it does not have changes nothing', (type) => {
    const { ask, leases } = counter();
    const answer = ask(message(type, idA, toUs, wants(1, 'fd00::100')));
    expect(given(heard(answer))).toEqual([{ iaid: 1, addresses: [], status: statusCodes.noBinding }]);
    expect(answer?.events).toEqual([]);
    expect(leases.leases()).toEqual([]);
  });

  it('CONFIRM: an address of another network is refused, and no address is no question', () => {
    const { hear, ask } = counter();
    const answer = hear(message('confirm', idA, wants(1, 'fd00::100'), wants(2, 'fd01::100')));
    expect(readOption(answer.options, 'status')).toEqual({
      code: statusCodes.notOnLink,
      message: 'fd01::100 is not of fd00::/64',
    });
    expect(ask(message('confirm', idA, wants(1)))?.datagram).toBeUndefined();
  });

  it('REQUEST: an address of another network is refused', () => {
    const { hear } = counter();
    const answer = hear(message('request', idA, toUs, wants(1, 'fd01::100')));
    expect(given(answer)).toEqual([{ iaid: 1, addresses: [], status: statusCodes.notOnLink }]);
  });

  it('RENEW: a lease that was lost is given again where its address is free', () => {
    const { hear } = counter();
    expect(addressIn(hear(message('renew', idA, toUs, wants(1, 'fd00::142'))))).toBe('fd00::142');
  });

  it("REBIND: another server's address is not ours to judge; one of another network ends", () => {
    const { hear, ask } = counter();
    expect(ask(message('rebind', idA, wants(1, 'fd00::9999')))?.datagram).toBeUndefined();
    hear(message('request', idA, toUs, wants(2, 'fd00::142')));
    expect(ask(message('rebind', idA, wants(2, 'fd00::9999')))?.datagram).toBeUndefined();
    expect(given(hear(message('rebind', idA, wants(1, 'fd01::100'))))).toEqual([
      { iaid: 1, addresses: [['fd01::100', 0]], status: undefined },
    ]);
  });
});

describe('what is not given', () => {
  it('temporary addresses and prefixes are refused, each in its own words', () => {
    const { hear } = counter();
    const routers = options({
      temporaryAssociation: { iaid: 5, options: [] },
      prefixAssociation: { iaid: 6, t1: 0, t2: 0, options: [] },
    });
    const answer = hear(message('solicit', idA, wants(1), routers));
    const temporary = readOption(answer.options, 'temporaryAssociation');
    const prefix = readOption(answer.options, 'prefixAssociation');
    expect(temporary?.iaid).toBe(5);
    expect(readOption(temporary?.options ?? [], 'status')?.code).toBe(statusCodes.noAddresses);
    expect(prefix?.iaid).toBe(6);
    expect(readOption(prefix?.options ?? [], 'status')?.code).toBe(statusCodes.noPrefixes);
    expect(addressIn(answer)).toMatch(/^fd00::1/);
  });
});

describe('silence', () => {
  const toOther = options({ serverId: duidLL('02:00:00:00:00:99') });

  it.each([
    ['a SOLICIT without a client identifier', message('solicit', wants(1))],
    ['a SOLICIT that names a server', message('solicit', idA, toUs, wants(1))],
    ['a REQUEST that names no server', message('request', idA, wants(1))],
    ['a RENEW of another server', message('renew', idA, toOther, wants(1, 'fd00::100'))],
    ['a RELEASE of another server', message('release', idA, toOther, wants(1, 'fd00::100'))],
    ['a CONFIRM that names a server', message('confirm', idA, toUs, wants(1, 'fd00::100'))],
    ['a REBIND that names a server', message('rebind', idA, toUs, wants(1, 'fd00::100'))],
    ['an INFORMATION-REQUEST for an address', message('information-request', idA, wants(1))],
    ['an ADVERTISE', message('advertise', idA, toUs, wants(1))],
    ['a REPLY', message('reply', idA, toUs, wants(1))],
  ])('is the answer to %s', (_, bytes) => {
    const { ask, leases } = counter();
    expect(ask(bytes)?.datagram).toBeUndefined();
    expect(leases.leases()).toEqual([]);
  });

  it('is the answer to a REQUEST of another server, which is named', () => {
    const { ask } = counter();
    const answer = ask(message('request', idA, toOther, wants(1, 'fd00::100')));
    expect(answer?.datagram).toBeUndefined();
    const server = '00030001020000000099';
    expect(answer?.events).toEqual([{ step: 'rival', interface: 'eth0', server, mac: macA }]);
  });
});

describe('what is saved', () => {
  it('is each address once, as it is now, and goes back where it could not be saved', () => {
    const { hear, leases } = counter();
    const first = addressIn(hear(message('request', idA, toUs, wants(1))));
    leases.takeChanges();
    hear(message('request', idB, toUs, wants(1, 'fd00::111')));
    hear(message('release', idA, toUs, wants(1, first)));
    hear(message('renew', idA, toUs, wants(1, first)));
    const changes = leases.takeChanges();
    expect(changes.leases.map(({ address, state }) => [address, state]).toSorted()).toEqual(
      [
        ['fd00::111', 'bound'],
        [first, 'bound'],
      ].toSorted(),
    );
    changes.undo();
    expect(leases.leases().map(({ address, state }) => [address, state])).toEqual([[first, 'bound']]);
    expect(addressIn(hear(message('solicit', idA, wants(1))))).toBe(first);
  });

  it('is there again after a restart', () => {
    const before = counter();
    const address = addressIn(before.hear(message('request', idA, toUs, wants(1, 'fd00::142'))));
    const after = counter();
    after.leases.restore([...before.leases.leases(), { ...before.leases.leases()[0], address: 'fd09::1' } as never]);
    expect(after.leases.leases()).toHaveLength(1);
    expect(addressIn(after.hear(message('solicit', idA, wants(1))))).toBe(address);
    expect(addressIn(after.hear(message('request', idB, toUs, wants(1, address))))).not.toBe(address);
  });
});
