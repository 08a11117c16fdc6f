import { describe, expect, it } from 'vitest';
import { readOption } from '../../src/dhcp6/options.ts';
import {
  counter,
  duidLL,
  given,
  heard,
  httpX64,
  ipxeX64,
  linkLocal,
  message,
  options,
  serverDuid,
  uefiX64,
  wants,
} from './machine.ts';

const mac = '52:54:00:00:00:0a';
const id = options({ clientId: duidLL(mac) });
const toUs = options({ serverId: serverDuid });
const toOther = options({ serverId: duidLL('02:00:00:00:00:99') });
const url = 'tftp://[fd00::1]/releases/r1/bootx64.efi';

function proxy() {
  return counter({ network: { mode: 'proxy', ranges: [] } });
}

describe('a proxy', () => {
  it.each([
    ['UEFI PXE', uefiX64, 'PXEClient:Arch:00007:UNDI:003001'],
    ['UEFI HTTP Boot', httpX64, 'HTTPClient:Arch:00016:UNDI:003001'],
  ])('offers a boot file to %s, without an address and without pressing', (_, firmware, vendorClass) => {
    const { ask } = proxy();
    const answer = ask(message('solicit', id, wants(1), firmware));
    const advertised = heard(answer);
    expect(advertised.type).toBe('advertise');
    expect(given(advertised)).toEqual([]);
    expect(readOption(advertised.options, 'bootFileUrl')).toBe(url);
    expect(readOption(advertised.options, 'vendorClass')?.classes).toEqual([vendorClass]);
    expect(readOption(advertised.options, 'preference')).toBeUndefined();
    expect(answer).toMatchObject({
      isLasting: false,
      events: [{ step: 'offered', mac, address: '0.0.0.0', bootFile: url, vendorClass }],
    });
  });

  it('answers at port 4011, to the port that asked, and notes the address', () => {
    const { ask, placed } = proxy();
    const answer = ask(message('request', id, toUs, uefiX64), 'fd00::200', { port: 'binl' });
    expect(heard(answer).type).toBe('reply');
    expect(answer?.datagram?.to).toBe('asker');
    expect(answer?.isLasting).toBe(true);
    expect(readOption(heard(answer).options, 'bootFileUrl')).toBe(url);
    expect(placed).toEqual([[mac, 'fd00::200']]);
  });

  it('takes the two questions of UEFI PXE for one boot: their transaction is the same', () => {
    const { ask, asked } = proxy();
    ask(message('solicit', id, wants(5), uefiX64));
    ask(message('request', id, toUs, uefiX64), 'fd00::200', { port: 'binl' });
    expect(asked.map(({ transaction }) => transaction)).toEqual([0xabcdef, 0xabcdef]);
  });

  it('hears which address the other server gives, and says nothing', () => {
    const { ask, placed } = proxy();
    const answer = ask(message('request', id, toOther, wants(1, 'fd00::200'), uefiX64), linkLocal(mac));
    expect(answer?.datagram).toBeUndefined();
    expect(placed).toEqual([[mac, 'fd00::200']]);
  });

  it('answers firmware that has its address from elsewhere', () => {
    const { hear } = proxy();
    const answer = hear(message('information-request', id, ipxeX64));
    expect(readOption(answer.options, 'bootFileUrl')).toBe(url);
    expect(readOption(answer.options, 'dns')).toBeUndefined();
  });

  it.each([
    ['a SOLICIT of a system', message('solicit', id, wants(1))],
    ['a SOLICIT of iPXE, which takes no offer without an address', message('solicit', id, wants(1), ipxeX64)],
    ['a REQUEST to us at the port of servers', message('request', id, toUs, wants(1, 'fd00::200'), uefiX64)],
    ['a RENEW', message('renew', id, toUs, wants(1, 'fd00::200'), uefiX64)],
    ['a REBIND', message('rebind', id, wants(1, 'fd00::200'), uefiX64)],
    ['a CONFIRM', message('confirm', id, wants(1, 'fd01::200'))],
    ['an INFORMATION-REQUEST of a system', message('information-request', id)],
    ['an INFORMATION-REQUEST to another server', message('information-request', id, toOther, uefiX64)],
  ])('is silent to %s', (_, bytes) => {
    expect(proxy().ask(bytes)?.datagram).toBeUndefined();
  });

  it('is silent where there is nothing to boot, and says so', () => {
    const { ask } = counter({
      network: { mode: 'proxy', ranges: [] },
      bootFor: () => ({ reason: 'nothing is active' }),
    });
    const answer = ask(message('solicit', id, wants(1), uefiX64));
    expect(answer?.datagram).toBeUndefined();
    const reason = 'nothing is active';
    expect(answer?.events).toEqual([{ step: 'not-answered', mac, reason }]);
  });
});
