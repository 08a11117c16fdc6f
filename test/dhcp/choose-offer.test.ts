import { describe, expect, it } from 'vitest';
import { chooseOffer, isBest } from '../../src/dhcp/choose-offer.ts';
import { encodeOptions } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket } from '../../src/dhcp/packet.ts';
import { proxyOffers } from '../packets/dhcp-firmware.ts';
import { offerToOvmf } from '../packets/dhcp-ovmf.ts';

const whole = decodePacket(offerToOvmf);
const plain: DhcpPacket = { ...whole, yiaddr: '10.0.0.51', file: '', options: encodeOptions({ messageType: 'offer' }) };
const withFile: DhcpPacket = { ...plain, yiaddr: '10.0.0.52', file: 'pxelinux.0' };
const question: DhcpPacket = {
  ...plain,
  yiaddr: '10.0.0.53',
  options: encodeOptions({ messageType: 'offer', vendorClass: 'PXEClient' }),
};
const proxy = decodePacket(proxyOffers.direct);
const proxyQuestion = decodePacket(proxyOffers.binl);

describe('firmware that has several offers', () => {
  it.each([
    ['an address with a boot file before a proxy’s', [plain, proxy, whole], { offer: whole }],
    ['an address, and the boot file of a proxy', [proxy, plain], { offer: plain, proxy }],
    ['the boot file of a proxy before one that is no PXE server’s', [withFile, proxy], { offer: withFile, proxy }],
    [
      'a proxy that says what to boot before one that is to be asked',
      [proxyQuestion, proxy, plain],
      { offer: plain, proxy },
    ],
    ['an address of who is to be asked before a proxy that is', [plain, proxyQuestion, question], { offer: question }],
    ['a proxy that is to be asked', [plain, proxyQuestion], { offer: plain, proxy: proxyQuestion }],
    ['a boot file before none', [plain, withFile], { offer: withFile }],
    ['the first address where nobody says what to boot', [plain, { ...plain, yiaddr: '10.0.0.60' }], { offer: plain }],
  ])('takes %s', (_, offers, chosen) => {
    expect(chooseOffer(offers)).toEqual(chosen);
  });

  it('takes nothing where only a proxy answers', () => {
    expect(chooseOffer([proxy, proxyQuestion])).toBeUndefined();
  });

  it('waits for others unless one server says all', () => {
    expect(isBest({ offer: whole })).toBe(true);
    for (const chosen of [{ offer: plain }, { offer: question }, { offer: plain, proxy }])
      expect(isBest(chosen)).toBe(false);
  });
});
