import { describe, expect, it } from 'vitest';
import { describePool, readPool, readPools } from '../../src/dhcp/pool.ts';
import { isMachineOf, rangeOf } from '../../src/dhcp/subnet.ts';
import { hasCode } from '../../src/errors.ts';

const ours = { address: '10.0.0.0', netmask: '255.255.255.0' };

describe('a pool that cannot be served is refused with the reason', () => {
  it.each([
    ['turned round', { first: '10.0.0.20', last: '10.0.0.10' }, ours, 'comes after'],
    ['of another network', { first: '10.0.1.10', last: '10.0.1.20' }, ours, 'leaves that network'],
    ['that reaches into the next network', { first: '10.0.0.10', last: '10.0.1.20' }, ours, 'leaves that network'],
    ['that is no address', { first: '10.0.0', last: '10.0.0.20' }, ours, '"10.0.0" is no IPv4 address'],
    ['of our own address alone', { first: '10.0.0.1', last: '10.0.0.1' }, ours, 'reserved'],
    ['with a netmask with gaps', { first: '10.0.0.2', last: '10.0.0.3' }, { ...ours, netmask: '255.0.255.0' }, 'gaps'],
    [
      'that firmware takes for none',
      { first: '0.0.0.2', last: '0.0.0.9' },
      { address: '0.0.0.1', netmask: '255.0.0.0' },
      '0',
    ],
  ])('one %s', (_, range, standpoint, reason) => {
    const error = (() => {
      try {
        return readPool(range, standpoint, ['10.0.0.1']);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(hasCode(error, 'DHCP_POOL_INVALID') && error.message).toContain(reason);
  });
});

describe('a pool', () => {
  it('leaves out the server, the router, the network and its broadcast address', () => {
    const { reserved } = readPool({ first: '10.0.0.0', last: '10.0.0.255' }, ours, ['10.0.0.1', '10.0.0.254']);
    expect([...reserved].map((address) => address & 0xff).toSorted((a, b) => a - b)).toEqual([0, 1, 254, 255]);
  });
});

describe('several pools', () => {
  it('may lie in any order', () => {
    const ranges = [
      { first: '10.0.0.100', last: '10.0.0.199' },
      { first: '10.0.0.10', last: '10.0.0.99' },
    ];
    expect(readPools(ranges, ours).map(describePool)).toEqual(['10.0.0.100 to 10.0.0.199', '10.0.0.10 to 10.0.0.99']);
  });

  it('may not share an address', () => {
    const ranges = [
      { first: '10.0.0.10', last: '10.0.0.20' },
      { first: '10.0.0.20', last: '10.0.0.30' },
    ];
    expect(() => readPools(ranges, ours)).toThrow('it overlaps with 10.0.0.10 to 10.0.0.20');
  });
});

describe('the network', () => {
  it.each([
    ['10.0.0.77', true],
    ['10.0.0.0', false],
    ['10.0.0.255', false],
    ['10.0.1.77', false],
    ['0.0.0.0', false],
    ['255.255.255.255', false],
  ])('%s is a machine in it: %s', (address, expected) => {
    expect(isMachineOf(rangeOf(ours), address, '10.0.0.99')).toBe(expected);
  });
});
