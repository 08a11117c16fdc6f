import { describe, expect, it } from 'vitest';
import type { GrantedAddress } from '../../src/dhcp/client.ts';
import { encodeOptions } from '../../src/dhcp/options.ts';
import type { DhcpPacket } from '../../src/dhcp/packet.ts';
import { BootwrightError } from '../../src/errors.ts';
import { judgeOffer, questionOf } from '../../src/probe/offer.ts';
import { hex } from '../support/hex.ts';

const bootFromFile = hex('06 01 08 ff  # discovery control: boot from the file that is named');

interface Shape {
  readonly vendorClass?: string;
  readonly vendorOptions?: Uint8Array;
  readonly file?: string;
  readonly siaddr?: string;
  readonly yiaddr?: string;
  /** Option 67, else the file field. */
  readonly bootFile?: string | undefined;
}

function granted(shape: Shape): GrantedAddress {
  const { vendorClass, vendorOptions, file = 'bootx64.efi', siaddr = '10.0.0.1', yiaddr = '10.0.0.50' } = shape;
  const packet: DhcpPacket = {
    op: 'reply',
    htype: 1,
    hops: 0,
    xid: 1,
    secs: 0,
    broadcast: true,
    ciaddr: '0.0.0.0',
    yiaddr,
    siaddr,
    giaddr: '0.0.0.0',
    chaddr: new Uint8Array(6),
    sname: '',
    file,
    options: encodeOptions({ vendorClass, vendorOptions }),
  };
  return {
    address: yiaddr,
    serverAddress: '10.0.0.2',
    leaseSeconds: 60,
    netmask: undefined,
    router: undefined,
    dns: [],
    nextServer: siaddr,
    bootFile: 'bootFile' in shape ? shape.bootFile : 'bootx64.efi',
    packet,
    timings: { offerMs: 0, acknowledgeMs: 0 },
  };
}

function judge(shape: Shape) {
  try {
    return judgeOffer(granted(shape), 'UEFI x64');
  } catch (error) {
    if (error instanceof BootwrightError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

describe('what UEFI firmware makes of an offer', () => {
  it('boots from the file that is named with options 60 and 43', () => {
    const shape = { vendorClass: 'PXEClient', vendorOptions: bootFromFile };
    expect(judge(shape)).toEqual({ server: '10.0.0.1', file: 'bootx64.efi' });
  });

  it('boots from a plain DHCP offer with a file and neither of the two options', () => {
    expect(judge({})).toEqual({ server: '10.0.0.1', file: 'bootx64.efi' });
  });

  it('takes the server that answers where siaddr is empty', () => {
    expect(judge({ siaddr: '0.0.0.0' })).toMatchObject({ server: '10.0.0.2' });
  });

  it('takes the boot server of option 43 where no other may be looked for', () => {
    const vendorOptions = hex('06 01 08  08 07 0000 01 0a000009 ff');
    expect(judge({ vendorClass: 'PXEClient', vendorOptions })).toMatchObject({ server: '10.0.0.9' });
  });

  it.each([
    ['an answer for HTTP Boot', { vendorClass: 'HTTPClient' }, 'HTTPClient'],
    ['option 43 that is cut off', { vendorClass: 'PXEClient', vendorOptions: hex('06 09 08') }, 'cut off'],
    ['a file in option 67 only: shim finds no GRUB', { file: '' }, 'shim'],
    ['an address that looks like a proxy’s', { yiaddr: '0.0.0.7' }, 'proxy'],
    ['a name that is too long for the file field', { bootFile: 'x'.repeat(128) }, '128 bytes'],
  ])('does not boot from %s', (_, shape, reason) => {
    expect(judge(shape)).toMatch(/^PROBE_OFFER_UNUSABLE/);
    expect(judge(shape)).toContain(reason);
  });

  it('has nothing to boot where no file is named', () => {
    expect(judge({ file: '', bootFile: undefined })).toMatch(/^PROBE_NO_BOOT_FILE: .*UEFI x64/);
  });
});

describe('what UEFI firmware asks on port 4011', () => {
  const menu = '08 07 8000 01 0a000009  09 05 8000 02 4f53  0a 04 00 505845 ff';

  it.each([
    ['option 60 alone', { vendorClass: 'PXEClient' }],
    ['option 43 without a word on how to boot', { vendorClass: 'PXEClient', vendorOptions: hex('01 04 0000 0000 ff') }],
  ])('for %s: the boot file', (_, shape) => {
    expect(questionOf(granted(shape))).toEqual({ server: '10.0.0.2' });
  });

  it('for a menu: its first entry, of the server that it names', () => {
    const shape = { vendorClass: 'PXEClient', vendorOptions: hex(`06 01 03 ${menu}`) };
    expect(questionOf(granted(shape))).toEqual({ server: '10.0.0.9', item: hex('8000 0000') });
  });

  it.each([
    ['an offer without option 60', {}],
    ['a file that is named', { vendorClass: 'PXEClient', vendorOptions: bootFromFile }],
    ['a file that is named beside a menu', { vendorClass: 'PXEClient', vendorOptions: hex(`06 01 08 ${menu}`) }],
  ])('for %s: nothing', (_, shape) => {
    expect(questionOf(granted(shape))).toBeUndefined();
  });

  it('of a proxy, where one says what to boot', () => {
    const proxy = { ...granted({ vendorClass: 'PXEClient', yiaddr: '0.0.0.0' }), serverAddress: '10.0.0.3' };
    expect(questionOf({ ...granted({}), proxy })).toEqual({ server: '10.0.0.3' });
    const { file } = judgeOffer({ ...granted({ bootFile: undefined }), proxy }, 'UEFI x64');
    expect(file).toBe('bootx64.efi');
  });
});
