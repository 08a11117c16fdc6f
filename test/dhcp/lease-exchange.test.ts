import { describe, expect, it } from 'vitest';
import type { OptionValues } from '../../src/dhcp/options.ts';
import { counter, mac, message, network, replyIn, uefiX64 } from './machine.ts';

const discover = message({ messageType: 'discover' });
const ours = network.serverAddress;
const theirs = '10.0.0.2';
const other = '52:54:00:00:00:99';

function select(address: string, serverIdentifier = ours, machine = mac): Uint8Array {
  return message({ messageType: 'request', requestedAddress: address, serverIdentifier }, { mac: machine });
}

describe('DISCOVER', () => {
  it('gets an OFFER of a free address, by broadcast', () => {
    const offer = replyIn(counter().ask(discover));
    expect(offer.option('messageType')).toBe('offer');
    expect(offer.packet.yiaddr).toBe('10.0.0.10');
    expect(offer.to).toBe('255.255.255.255');
  });

  it('gets the address that it wishes, if that is free', () => {
    const wish = message({ messageType: 'discover', requestedAddress: '10.0.0.11' });
    expect(replyIn(counter().ask(wish)).packet.yiaddr).toBe('10.0.0.11');
  });

  it('gets no answer from a full pool, and the report says that it is full', () => {
    const { ask } = counter();
    ask(message({ messageType: 'discover' }, { mac: '52:54:00:00:00:01' }));
    ask(message({ messageType: 'discover' }, { mac: '52:54:00:00:00:02' }));
    const refused = ask(discover);
    expect(refused?.datagram).toBeUndefined();
    const reason = 'the pool 10.0.0.10 to 10.0.0.11 is full: every address is leased, offered or declined';
    expect(refused?.events).toEqual([{ step: 'not-answered', mac, reason }]);
  });
});

describe('REQUEST', () => {
  it('of an offered address gets an ACK that must be saved first', () => {
    const { ask, leases } = counter();
    ask(discover);
    const given = ask(select('10.0.0.10'));
    expect(given?.isLasting).toBe(true);
    expect(replyIn(given).option('messageType')).toBe('ack');
    expect(replyIn(given).packet.yiaddr).toBe('10.0.0.10');
    expect(leases.takeChanges()).toEqual([{ mac, address: '10.0.0.10', state: 'bound', expiresMs: 600_000 }]);
  });

  it('of an offer that a restart of the server has forgotten gets an ACK, if the address is free', () => {
    expect(replyIn(counter().ask(select('10.0.0.11'))).option('messageType')).toBe('ack');
  });

  it('that names another server gets silence, and the offer is free again; the report names that server', () => {
    const { ask } = counter();
    ask(discover);
    const rival = { step: 'rival', interface: 'eth0', server: theirs, mac };
    expect(ask(select('10.0.0.10', theirs))).toEqual({ isLasting: false, mac, events: [rival] });
    expect(replyIn(ask(select('10.0.0.10', ours, other))).option('messageType')).toBe('ack');
  });

  it.each([
    ['that another machine has', '10.0.0.10', '10.0.0.10 belongs to another machine, or was declined'],
    ['that is not its own', '10.0.0.11', '10.0.0.11 is not the address of this machine, which is 10.0.0.10'],
    ['outside of the pool', '10.0.0.77', '10.0.0.77 is not in the pool 10.0.0.10 to 10.0.0.11'],
  ])('of an address %s gets a NAK by broadcast that says why', (title, address, reason) => {
    const { ask } = counter();
    ask(select('10.0.0.10', ours, title.startsWith('that another') ? other : mac));
    const given = ask(select(address));
    const nak = replyIn(given);
    expect(nak.option('messageType')).toBe('nak');
    expect(nak.option('message')).toBe(reason);
    expect(nak.option('leaseTime')).toBeUndefined();
    expect(nak.option('serverIdentifier')).toBe(ours);
    expect(nak.packet.yiaddr).toBe('0.0.0.0');
    expect(nak.to).toBe('255.255.255.255');
    expect(given?.events).toEqual([{ step: 'refused', mac, address, reason }]);
  });

  it('without any address gets a report', () => {
    const given = counter().ask(message({ messageType: 'request' }));
    expect(given?.events).toMatchObject([{ step: 'not-answered', reason: 'its REQUEST names no address' }]);
  });

  describe('of a machine that remembers its address (INIT-REBOOT)', () => {
    const remember = (address: string) => message({ messageType: 'request', requestedAddress: address });

    it('gets an ACK, where it is right', () => {
      const { ask } = counter();
      ask(select('10.0.0.10'));
      expect(replyIn(ask(remember('10.0.0.10'))).option('messageType')).toBe('ack');
    });

    it('gets a NAK, where the address is of another network', () => {
      expect(replyIn(counter().ask(remember('192.168.1.5'))).option('messageType')).toBe('nak');
    });

    it.each(['10.0.0.11', '10.0.0.77'])('gets silence, where another server may know it as %s', (address) => {
      const given = counter().ask(remember(address));
      expect(given?.datagram).toBeUndefined();
      expect(given?.events).toMatchObject([{ step: 'not-answered' }]);
    });
  });

  describe('of a machine that uses its address (RENEWING, REBINDING)', () => {
    const renew = (ciaddr: string, machine = mac) =>
      message({ messageType: 'request' }, { ciaddr, mac: machine, broadcast: false });

    it('gets an ACK at that address', () => {
      const { ask, leases } = counter();
      ask(select('10.0.0.10'));
      leases.takeChanges();
      const ack = replyIn(ask(renew('10.0.0.10'), 300_000));
      expect(ack.option('messageType')).toBe('ack');
      expect(ack.to).toBe('10.0.0.10');
      expect(ack.packet).toMatchObject({ ciaddr: '10.0.0.10', yiaddr: '10.0.0.10' });
      expect(leases.takeChanges()).toMatchObject([{ expiresMs: 900_000 }]);
    });

    it('gets an ACK also where the lease was forgotten, if nobody else has the address', () => {
      expect(replyIn(counter().ask(renew('10.0.0.11'))).option('messageType')).toBe('ack');
    });

    it('gets a NAK, where another machine has it by now', () => {
      const { ask } = counter();
      ask(select('10.0.0.10', ours, other));
      const nak = replyIn(ask(renew('10.0.0.10')));
      expect(nak.option('messageType')).toBe('nak');
      expect(nak.to).toBe('255.255.255.255');
    });
  });
});

describe('firmware and Linux of one machine', () => {
  it('get the same address, though they say to be different clients', () => {
    const { ask } = counter();
    ask(message({ messageType: 'discover', ...uefiX64 }));
    ask(message({ messageType: 'request', requestedAddress: '10.0.0.10', serverIdentifier: ours, ...uefiX64 }));
    const linux: OptionValues = {
      messageType: 'discover',
      clientIdentifier: Uint8Array.of(255, 1, 2, 3),
      hostName: 'l',
    };
    const offer = replyIn(ask(message(linux)));
    expect(offer.packet.yiaddr).toBe('10.0.0.10');
    expect(offer.option('clientIdentifier')).toEqual(Uint8Array.of(255, 1, 2, 3));
  });
});

describe('INFORM', () => {
  it('gets the network and no lease, at the address that the machine has', () => {
    const { ask, leases } = counter();
    const ack = replyIn(ask(message({ messageType: 'inform' }, { ciaddr: '10.0.0.77' })));
    expect(ack.option('messageType')).toBe('ack');
    expect(ack.option('dns')).toEqual(network.dns);
    expect(ack.option('leaseTime')).toBeUndefined();
    expect(ack.packet.yiaddr).toBe('0.0.0.0');
    expect(ack.to).toBe('10.0.0.77');
    expect(leases.takeChanges()).toEqual([]);
  });

  it.each(['0.0.0.0', '8.8.8.8', '10.0.0.255'])('from %s sends nothing anywhere', (ciaddr) => {
    const given = counter().ask(message({ messageType: 'inform' }, { ciaddr }));
    expect(given?.datagram).toBeUndefined();
    expect(given?.events).toMatchObject([{ step: 'not-answered' }]);
  });
});

describe('RELEASE and DECLINE', () => {
  const release = (serverIdentifier: string) =>
    message({ messageType: 'release', serverIdentifier }, { ciaddr: '10.0.0.10' });
  const decline = (serverIdentifier: string) =>
    message({ messageType: 'decline', serverIdentifier, requestedAddress: '10.0.0.10' });

  it.each([
    ['released', release],
    ['declined', decline],
  ])('%s: the address is no longer its own, and nothing is sent', (step, say) => {
    const { ask, leases } = counter();
    ask(select('10.0.0.10'));
    const given = ask(say(ours));
    expect(given).toEqual({ isLasting: true, mac, events: [{ step, mac, address: '10.0.0.10' }] });
    expect(leases.takeChanges()).toMatchObject([{ state: step }]);
  });

  it.each([
    ['released', release],
    ['declined', decline],
  ])('%s, of another server: nothing happens', (_, say) => {
    const { ask, leases } = counter();
    ask(select('10.0.0.10'));
    expect(ask(say(theirs))?.events).toEqual([]);
    expect(leases.takeChanges()).toMatchObject([{ state: 'bound' }]);
  });
});

describe('what is not for this server', () => {
  it('a reply of another server is left alone', () => {
    expect(counter().ask(message({ messageType: 'offer' }, { op: 'reply' }))).toBeUndefined();
  });

  it.each([
    [
      'a relay of a network that nobody knows',
      message({ messageType: 'discover' }, { giaddr: '10.9.0.1' }),
      'it asks through the relay 10.9.0.1, which is in none of the networks that are served: 10.0.0.0/24',
    ],
    ['BOOTP', message({}), 'it speaks BOOTP, without the message type of DHCP'],
    [
      'Token Ring',
      message({ messageType: 'discover' }, { htype: 6 }),
      "hardware type 6 with 6 bytes is not Ethernet's",
    ],
    ['a server', message({ messageType: 'offer' }), 'which only servers send'],
  ])('%s gets no answer, and the report says why', (_, bytes, reason) => {
    const given = counter().ask(bytes);
    expect(given?.datagram).toBeUndefined();
    expect(given?.events).toMatchObject([{ step: 'not-answered', mac, reason: expect.stringContaining(reason) }]);
  });
});

it('an OFFER goes to no address that the DISCOVER only claims to have', () => {
  const claimed = (ciaddr: string) => replyIn(counter().ask(message({ messageType: 'discover' }, { ciaddr }))).to;
  expect(claimed('8.8.8.8')).toBe('255.255.255.255');
  expect(claimed('10.0.0.77')).toBe('10.0.0.77');
});

it('an ordinary client gets a plain lease, without a word of PXE', () => {
  const offer = replyIn(counter().ask(message({ messageType: 'discover', vendorClass: 'udhcp 1.35.0' })));
  expect([...offer.packet.options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 28, 3, 6, 15]);
  expect(offer.packet).toMatchObject({ file: '', sname: '', siaddr: '0.0.0.0' });
  expect(offer.option('renewalTime')).toBe(300);
  expect(offer.option('rebindingTime')).toBe(525);
  expect(offer.option('broadcast')).toBe('10.0.0.255');
});

describe('a machine on InfiniBand, whose messages have no hardware address (RFC 4390)', () => {
  const infiniband = { htype: 32, chaddr: new Uint8Array() };
  const identifier = (last: number) => ({ clientIdentifier: Uint8Array.of(255, 0, 0, 0, 1, 0, last) });

  it('is known by its client identifier, and hears broadcasts', () => {
    const { ask, leases } = counter();
    const offer = replyIn(ask(message({ messageType: 'discover', ...identifier(1) }, infiniband)));
    expect(offer).toMatchObject({ to: '255.255.255.255', packet: { htype: 32, chaddr: new Uint8Array() } });
    const take = { messageType: 'request', requestedAddress: '10.0.0.10', serverIdentifier: ours } as const;
    expect(replyIn(ask(message({ ...take, ...identifier(1) }, infiniband))).option('messageType')).toBe('ack');
    expect(leases.takeChanges()).toMatchObject([{ mac: 'id:ff000000010001', address: '10.0.0.10' }]);
    expect(replyIn(ask(message({ messageType: 'discover', ...identifier(2) }, infiniband))).packet.yiaddr).toBe(
      '10.0.0.11',
    );
  });
});
