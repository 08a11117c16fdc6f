import { describe, expect, it } from 'vitest';
import { lease, makeOffice, nowMs } from './office.ts';

const one = '52:54:00:00:00:01';
const two = '52:54:00:00:00:02';
const uuid = '4c4c4544-0042-3510-8052-b4c04f4e4d32';
const inFile = { network: 'eth0', where: 'bootwright.yaml' };

describe('the list of leases', () => {
  it('is in the order of the addresses, IPv4 first', async () => {
    const { control } = makeOffice({
      leases: ['fd00::10', '10.0.0.100', '10.0.0.9', 'fd00::9', '9.0.0.1'].map((address) => lease(address, one)),
    });
    const addresses = (await control.leases()).map(({ address }) => address);
    expect(addresses).toEqual(['9.0.0.1', '10.0.0.9', '10.0.0.100', 'fd00::9', 'fd00::10']);
  });

  it('says what ended, and forgets offers that nobody took', async () => {
    const past = { untilMs: nowMs - 1 };
    const { control } = makeOffice({
      leases: [
        lease('10.0.0.10', one, past),
        lease('10.0.0.11', one, { ...past, state: 'offered' }),
        lease('10.0.0.12', one, { ...past, state: 'set-aside' }),
        lease('10.0.0.13', one, { ...past, state: 'free' }),
        lease('10.0.0.14', one, { state: 'offered' }),
        lease('10.0.0.15', one, { state: 'set-aside' }),
      ],
    });
    expect((await control.leases()).map(({ address, state }) => `${address} ${state}`)).toEqual([
      '10.0.0.10 free',
      '10.0.0.12 free',
      '10.0.0.13 free',
      '10.0.0.14 offered',
      '10.0.0.15 set-aside',
    ]);
  });

  it('has reserved addresses once where their machine has them, and beside who else has them', async () => {
    const { control } = makeOffice({
      leases: [
        lease('10.0.0.10', one, { hostName: 'its-own' }),
        lease('10.0.0.11', two),
        lease('10.0.0.12', two, { keys: [two, `uuid:${uuid.replaceAll('-', '')}`] }),
        lease('10.0.0.13', 'id:0102'),
        lease('10.0.0.15', one, { state: 'free', untilMs: nowMs - 5 }),
      ],
      configured: [
        { address: '10.0.0.10', mac: one, ...inFile },
        { address: '10.0.0.11', mac: '52:54:00:00:00:03', hostName: 'three', ...inFile },
        { address: '10.0.0.12', uuid, ...inFile },
        { address: '10.0.0.13', clientId: '0102', ...inFile },
        { address: '10.0.0.14', uuid, ...inFile },
        { address: '10.0.0.15', mac: one, ...inFile },
        { address: 'fd00::5', duid: '00030001525400000001', ...inFile },
      ],
    });
    const leases = await control.leases();
    expect(leases.map(({ address, machine, state, isReserved }) => [address, machine, state, isReserved])).toEqual([
      ['10.0.0.10', one, 'bound', true],
      ['10.0.0.11', two, 'bound', false],
      ['10.0.0.11', '52:54:00:00:00:03', 'reserved', true],
      ['10.0.0.12', two, 'bound', true],
      ['10.0.0.13', 'id:0102', 'bound', true],
      ['10.0.0.14', `uuid:${uuid}`, 'reserved', true],
      ['10.0.0.15', one, 'free', true],
      ['10.0.0.15', one, 'reserved', true],
      ['fd00::5', 'duid:00030001525400000001', 'reserved', true],
    ]);
    expect(leases[0]).toMatchObject({ hostName: 'its-own', network: 'eth0', untilMs: nowMs + 60_000 });
    expect(leases[2]).toMatchObject({ hostName: 'three' });
  });
});

describe('to reserve an address', () => {
  it.each([
    ['52:54:00:AA:bb:01', { mac: '52:54:00:aa:bb:01' }],
    ['52-54-00-aa-bb-01', { mac: '52:54:00:aa:bb:01' }],
    ['5254.00aa.bb01', { mac: '52:54:00:aa:bb:01' }],
    ['525400AABB01', { mac: '52:54:00:aa:bb:01' }],
    [uuid.toUpperCase(), { uuid }],
    [`uuid:${uuid}`, { uuid }],
    ['id:0102', { clientId: '0102' }],
    ['01:52:54:00:aa:bb:01', { clientId: '01525400aabb01' }],
    ['ff0000000100030001525400aabb01', { clientId: 'ff0000000100030001525400aabb01' }],
  ])('a machine can be named %s', async (machine, expected) => {
    const { control, kept, told } = makeOffice();
    const { reservation, holder } = await control.reserve({ machine, address: '10.0.0.50', hostName: 'm1' });
    expect(await kept.load()).toEqual([{ ...expected, address: '10.0.0.50', hostName: 'm1' }]);
    expect(reservation).toEqual({
      machine: expect.any(String),
      address: '10.0.0.50',
      hostName: 'm1',
      network: 'eth0',
    });
    expect(await control.reservations()).toEqual([reservation]);
    expect(holder).toBeUndefined();
    expect(told).toEqual(['reserved 10.0.0.50']);
  });

  it.each([
    '',
    'server-1',
    '52:54:00',
    '52:54:00:00:00:0g',
    'id:',
    'id:0',
    `id:${'00'.repeat(256)}`,
    '1'.repeat(11),
    'a\nb',
  ])('nobody is named %j', async (machine) => {
    const { control } = makeOffice();
    const wish = { machine, address: '10.0.0.50' };
    await expect(control.reserve(wish)).rejects.toMatchObject({ code: 'MACHINE_INVALID' });
  });

  it.each([
    ['10.0.0', 'ADDRESS_INVALID'],
    ['10.0.0.256', 'ADDRESS_INVALID'],
    ['fd00::g', 'ADDRESS_INVALID'],
    ['fd01::5', 'RESERVATION_OUTSIDE'],
    ['fd00::', 'RESERVATION_UNUSABLE'],
    ['fd00::1', 'RESERVATION_UNUSABLE'],
    ['fd00::53', 'RESERVATION_UNUSABLE'],
    ['192.168.1.1', 'RESERVATION_OUTSIDE'],
    ['10.3.0.5', 'RESERVATION_OUTSIDE'],
    ['10.0.0.0', 'RESERVATION_UNUSABLE'],
    ['10.0.0.255', 'RESERVATION_UNUSABLE'],
    ['10.0.0.1', 'RESERVATION_UNUSABLE'],
    ['10.0.0.254', 'RESERVATION_UNUSABLE'],
    ['10.0.0.53', 'RESERVATION_UNUSABLE'],
  ])('%s is refused: %s', async (address, code) => {
    const { control, kept, told } = makeOffice();
    await expect(control.reserve({ machine: one, address })).rejects.toMatchObject({ code });
    expect([kept.all.size, told]).toEqual([0, []]);
  });

  it('an address outside is refused with the networks that there are, if any', async () => {
    const wish = { machine: one, address: '192.168.1.1' };
    await expect(makeOffice().control.reserve(wish)).rejects.toMatchObject({
      remedy: 'Choose one of: 10.0.0.0/24, 10.2.0.0/16, fd00::/64.',
    });
    const { control } = makeOffice({ isProxy: true });
    await expect(control.reserve(wish)).rejects.toMatchObject({ code: 'RESERVATION_NETWORK_UNKNOWN' });
  });

  it.each(['-a', 'a_b', 'a..b', 'a b', 'x'.repeat(64), `${'x'.repeat(60)}.`.repeat(5), ''])(
    'no machine is called %j',
    async (hostName) => {
      const wish = { machine: one, address: '10.0.0.50', hostName };
      await expect(makeOffice().control.reserve(wish)).rejects.toMatchObject({ code: 'HOST_NAME_INVALID' });
    },
  );

  it('the UUID of boards that have none is refused', async () => {
    const wish = { machine: '00000000-0000-0000-0000-000000000000', address: '10.0.0.50' };
    await expect(makeOffice().control.reserve(wish)).rejects.toMatchObject({ code: 'DHCP_RESERVATION_INVALID' });
  });

  it('an address or a machine that has a reservation is refused, and says whose it is', async () => {
    const { control, kept } = makeOffice({
      configured: [{ address: '10.0.0.60', mac: '52:54:00:00:00:06', uuid, ...inFile }],
    });
    await control.reserve({ machine: one, address: '10.0.0.50' });
    const refused = (machine: string, address: string, expected: object) =>
      expect(control.reserve({ machine, address })).rejects.toMatchObject(expected);
    await refused(two, '10.0.0.50', { code: 'RESERVATION_EXISTS', data: { machine: one } });
    await refused(one, '10.0.0.51', { code: 'RESERVATION_OF_MACHINE_EXISTS', data: { address: '10.0.0.50' } });
    await refused(two, '10.0.0.60', { code: 'RESERVATION_CONFIGURED', data: { where: 'bootwright.yaml' } });
    await refused('52:54:00:00:00:06', '10.0.0.61', { code: 'RESERVATION_CONFIGURED', data: { address: '10.0.0.60' } });
    await refused(uuid, '10.0.0.61', { code: 'RESERVATION_CONFIGURED', data: { machine: '52:54:00:00:00:06' } });
    expect(kept.all.size).toBe(1);
  });

  it.each([
    ['fd00:0::0:5', '00:03:00:01:52:54:00:aa:bb:01', { address: 'fd00::5', duid: '00030001525400aabb01' }],
    ['fd00::5', 'duid:00030001525400aabb01', { address: 'fd00::5', duid: '00030001525400aabb01' }],
    ['fd00::5', one, { address: 'fd00::5', mac: one }],
    ['fd00::5', uuid, { address: 'fd00::5', uuid }],
  ])('of IPv6: %s for %s', async (address, machine, expected) => {
    const { control, kept, told } = makeOffice();
    await control.reserve({ machine: one, address: '10.0.0.50' });
    await control.reserve({ machine, address });
    expect([kept.all.get('fd00::5'), told.at(-1)]).toEqual([expected, 'reserved fd00::5']);
  });

  it.each([
    ['10.0.0.50', { machine: 'duid:0003' }],
    ['fd00::5', { machine: 'id:0003' }],
    ['fd00::5', { machine: one, hostName: 'm1' }],
  ])('what the protocol of %s does not know is refused: %j', async (address, wish) => {
    await expect(makeOffice().control.reserve({ ...wish, address })).rejects.toMatchObject({
      code: 'RESERVATION_UNUSABLE',
      message: expect.stringMatching(/: DHCP.* no /),
    });
  });

  it('the same machine may have one in each network', async () => {
    const { control } = makeOffice();
    await control.reserve({ machine: one, address: '10.0.0.50' });
    const { reservation } = await control.reserve({ machine: one, address: '10.2.0.50' });
    expect(reservation.network).toBe('10.2.0.0/16');
  });

  it('once more, with another name, changes the name', async () => {
    const { control, kept, told } = makeOffice();
    await control.reserve({ machine: one, address: '10.0.0.50', hostName: 'a' });
    await control.reserve({ machine: one, address: '10.0.0.50', hostName: 'b' });
    expect(await kept.load()).toEqual([{ mac: one, address: '10.0.0.50', hostName: 'b' }]);
    expect(told).toEqual(['reserved 10.0.0.50', 'unreserved 10.0.0.50', 'reserved 10.0.0.50']);
  });

  it('says which other machine has it at the moment', async () => {
    const { control } = makeOffice({
      leases: [
        lease('10.0.0.50', two),
        lease('10.0.0.51', two, { untilMs: nowMs - 1 }),
        lease('10.0.0.52', two, { state: 'set-aside' }),
      ],
    });
    const holderOf = async (machine: string, address: string) => (await control.reserve({ machine, address })).holder;
    expect(await holderOf(one, '10.0.0.50')).toMatchObject({ machine: two, state: 'bound' });
    expect(await holderOf('id:0101', '10.0.0.51')).toBeUndefined();
    expect(await holderOf('id:0102', '10.0.0.52')).toMatchObject({ state: 'set-aside' });
  });

  it('that cannot be kept is taken back from those who answer machines', async () => {
    const { control, kept, told } = makeOffice();
    kept.isFull = true;
    await expect(control.reserve({ machine: one, address: '10.0.0.50' })).rejects.toThrow('the disk is full');
    expect(told).toEqual(['reserved 10.0.0.50', 'unreserved 10.0.0.50']);
    kept.isFull = false;
    await control.reserve({ machine: two, address: '10.0.0.50' });
  });

  it('in the place of an earlier one that cannot be kept leaves that one in force', async () => {
    const { control, kept, told } = makeOffice();
    await control.reserve({ machine: one, address: '10.0.0.50' });
    told.length = 0;
    kept.isFull = true;
    const named = { machine: one, address: '10.0.0.50', hostName: 'new-name' };
    await expect(control.reserve(named)).rejects.toThrow('the disk is full');
    expect(told).toEqual(['unreserved', 'reserved', 'unreserved', 'reserved'].map((word) => `${word} 10.0.0.50`));
    expect(await control.reservations()).toMatchObject([{ machine: one, address: '10.0.0.50' }]);
  });

  it('two at the same moment: one has it', async () => {
    const { control, kept } = makeOffice();
    const outcomes = await Promise.allSettled(
      [one, two].map((machine) => control.reserve({ machine, address: '10.0.0.50' })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect([...kept.all.values()]).toMatchObject([{ mac: one }]);
  });
});

describe('to take back a reservation', () => {
  it('that a command made', async () => {
    const { control, kept, told } = makeOffice();
    await control.reserve({ machine: one, address: '10.0.0.50' });
    expect(await control.unreserve('10.0.0.50')).toEqual({ machine: one, address: '10.0.0.50', network: 'eth0' });
    expect([kept.all.size, told.at(-1)]).toEqual([0, 'unreserved 10.0.0.50']);
    await expect(control.unreserve('10.0.0.50')).rejects.toMatchObject({ code: 'RESERVATION_NOT_FOUND' });
  });

  it('that stands in the configuration is refused, and says where', async () => {
    const { control } = makeOffice({ configured: [{ address: 'fd00::5', mac: one, ...inFile }] });
    await expect(control.unreserve('fd00:0::05')).rejects.toMatchObject({
      code: 'RESERVATION_CONFIGURED',
      message: `the address fd00::5 is reserved for ${one} by bootwright.yaml`,
    });
    await expect(control.unreserve('fd00')).rejects.toMatchObject({ code: 'ADDRESS_INVALID' });
  });
});

describe('to release an address', () => {
  it('frees what a machine has, was offered, or that was set aside', async () => {
    const { control } = makeOffice({
      leases: [
        lease('10.0.0.10', one),
        lease('10.0.0.11', two, { state: 'set-aside' }),
        lease('fd00::1', 'duid:0003', { network: 'eth0' }),
      ],
    });
    expect(await control.release('10.0.0.10')).toMatchObject({ machine: one, state: 'bound' });
    expect(await control.release('10.0.0.11')).toMatchObject({ state: 'set-aside' });
    expect(await control.release('fd00::1')).toMatchObject({ machine: 'duid:0003' });
    expect((await control.leases()).map(({ state }) => state)).toEqual(['free', 'free', 'free']);
  });

  it('that nobody has is refused', async () => {
    const { control } = makeOffice({
      leases: [lease('10.0.0.10', one, { untilMs: nowMs - 1 })],
      configured: [{ address: '10.0.0.12', mac: one, ...inFile }],
    });
    for (const address of ['10.0.0.10', '10.0.0.11', '10.0.0.12']) {
      await expect(control.release(address)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND', data: { address } });
    }
  });
});
