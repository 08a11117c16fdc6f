import { hex, zeros } from '../support/hex.ts';

// What we send to each kind of firmware, byte for byte. Requests are those of `boot-counter.ts`: xid 7 from
// 52:54:00:12:34:56, our address 10.0.0.1, the machine's 10.0.0.10.

/** The fixed fields; `file` in hexadecimal. */
function reply(
  yiaddr: string,
  file: string,
  options: string,
  { ciaddr = '00000000', flags = '8000' } = {},
): Uint8Array {
  return hex(`
    02 01 06 00  # reply, Ethernet, 6 bytes, no hops
    00000007 0000 ${flags}  # xid, secs, flags
    ${ciaddr} ${yiaddr} 0a000001 00000000  # ciaddr, yiaddr, siaddr 10.0.0.1, giaddr
    525400123456 ${zeros(10)}  # chaddr
    ${zeros(64)}  # sname
    ${file} ${zeros(128 - file.replace(/\s/g, '').length / 2)}  # file
    63825363  # magic cookie
    ${options}
    00 ff  # pad, end
  `);
}

const given = '0a00000a';
const none = '00000000';

const lease = `
  3604 0a000001  # server identifier 10.0.0.1
  3304 00000258 3a04 0000012c 3b04 0000020d  # lease time 600, renewal 300, rebinding 525
  0104 ffffff00 1c04 0a0000ff 0304 0a0000fe  # netmask, broadcast 10.0.0.255, router 10.0.0.254
`;
const identifier = `6111 ${zeros(17)}  # machine identifier`;
const tftpServer = '4209 31302e302e302e3100  # TFTP server "10.0.0.1"';
const pxeClient = '3c09 505845436c69656e74  # vendor class "PXEClient"';

const release = '72656c65617365732f72312f626f6f747836342e656669';
const releaseName = `4318 ${release}00  # boot file "releases/r1/bootx64.efi"`;

/** Option 43 with a menu of one entry that is taken at once. */
const menu = `
  2b22 0601 03  # discovery control: neither broadcast nor multicast
  0807 8000 01 0a000001  # boot servers of type 32768: one, 10.0.0.1
  0a04 00 505845  # prompt: 0 seconds, "PXE"
  090d 8000 0a 426f6f74777269676874  # menu: type 32768, "Bootwright"
  ff
`;

/** Offers of the full server to UEFI x64, by shape. */
export const offers = {
  direct: reply(
    given,
    release,
    `3501 02 ${lease} ${pxeClient}
    2b04 060108ff  # PXE: boot from the file
    ${identifier}
    ${tftpServer}
    ${releaseName}`,
  ),
  plain: reply(given, release, `3501 02 ${lease}\n${identifier}\n${tftpServer}\n${releaseName}`),
  binl: reply(given, release, `3501 02 ${lease}\n${pxeClient}\n${identifier}\n${tftpServer}\n${releaseName}`),
  menu: reply(given, release, `3501 02 ${lease}\n${pxeClient}\n${menu}\n${identifier}\n${tftpServer}\n${releaseName}`),
} as const;

const us = '3604 0a000001  # server identifier 10.0.0.1';

/** Offers of the proxy to UEFI x64, by shape: no address, no lease, no network. */
export const proxyOffers = {
  direct: reply(
    none,
    release,
    `3501 02 ${us}
    ${pxeClient}
    2b04 060108ff  # PXE: boot from the file
    ${identifier}
    ${tftpServer}
    ${releaseName}`,
  ),
  binl: reply(none, release, `3501 02 ${us}\n${pxeClient}\n${identifier}\n${tftpServer}\n${releaseName}`),
  menu: reply(none, release, `3501 02 ${us}\n${pxeClient}\n${menu}\n${identifier}\n${tftpServer}\n${releaseName}`),
} as const;

const unicast = { ciaddr: given, flags: '0000' };

/** From port 4011, to who asks for the boot file. */
export const binlAck = reply(
  none,
  release,
  `3501 05 ${us}\n${pxeClient}\n${identifier}\n${tftpServer}\n${releaseName}`,
  unicast,
);

/** From port 4011, to who picked the entry of the menu: 43.71. */
export const binlAckOfPick = reply(
  none,
  release,
  `3501 05 ${us}
  ${pxeClient}
  2b07 4704 8000 0000 ff  # PXE: boot item 32768, layer 0
  ${identifier}
  ${tftpServer}
  ${releaseName}`,
  unicast,
);

const grubUrl = '687474703a2f2f31302e302e302e312f6c6f61646572732f677275627836342e656669';

/** To UEFI HTTP Boot on x64. */
export const httpOffer = reply(
  given,
  grubUrl,
  `3501 02 ${lease}
  3c0a 48545450436c69656e74  # vendor class "HTTPClient"
  ${identifier}
  ${tftpServer}
  4324 ${grubUrl}00  # boot file "http://10.0.0.1/loaders/grubx64.efi"`,
);

/** To iPXE on UEFI x64. */
export const ipxeOffer = reply(
  given,
  grubUrl,
  `3501 02 ${lease}
  ${pxeClient}
  2b04 060108ff  # PXE: boot from the file
  af03 b00101  # iPXE: no-pxedhcp
  ${identifier}
  ${tftpServer}
  4324 ${grubUrl}00  # boot file "http://10.0.0.1/loaders/grubx64.efi"`,
);

const grubBios = '6c6f61646572732f677275622d62696f732e30';

/** To a BIOS. */
export const biosOffer = reply(
  given,
  grubBios,
  `3501 02 ${lease}
  ${pxeClient}
  2b04 060108ff  # PXE: boot from the file
  ${identifier}
  ${tftpServer}
  4314 ${grubBios}00  # boot file "loaders/grub-bios.0"`,
);
