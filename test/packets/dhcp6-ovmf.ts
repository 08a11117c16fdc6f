import { hex } from '../support/hex.ts';

// One PXE boot over IPv6 of OVMF 2022.11 (Debian 12, `-device virtio-net-pci,romfile=`), which loaded Debian's iPXE
// (1.0.0+git-20190125), which booted over IPv6 again; captured with tcpdump on the server's card. The UDP payloads, byte for byte. All
// of them came from fe80::5054:ff:feb0:706, port 546, and went to ff02::1:2, port 547.

export const ovmfMac = '52:54:00:b0:07:06';
export const ovmfSource = 'fe80::5054:ff:feb0:706';

/** The IP stack of the firmware, before any boot: it is told to by the router advertisement (M). */
export const ovmfConfigSolicit = hex(`
  01 c33500  # SOLICIT
  0001 000e 0001000131d95738525400b00706  # client identifier
  0008 0002 0000  # elapsed time
  0003 000c bee6fe5fffffffffffffffff  # address association
  0006 0002 0017  # option request
`);

/** PXE. */
export const ovmfSolicit = hex(`
  01 c53500  # SOLICIT
  0001 000e 0001000131d95738525400b00706  # client identifier
  0008 0002 0000  # elapsed time
  0003 000c f7c6d67fffffffffffffffff  # address association
  0006 0008 003b003c00170010  # option request
  003e 0003 010300  # network interface
  003d 0002 0007  # architecture
  0010 0026 000001570020505845436c69656e743a417263683a30303030373a554e44493a303033303030  # vendor class
`);

/** PXE: another transaction than that of its SOLICIT, and the address fd00::1ac. */
export const ovmfRequest = hex(`
  03 c63500  # REQUEST
  0001 000e 0001000131d95738525400b00706  # client identifier
  0008 0002 0000  # elapsed time
  0002 000a 00030001020000000001  # server identifier
  0003 0028 f7c6d67f0000070800000b4000050018fd0000000000000000000000000001ac00000e1000000e10  # address association
  0006 0008 003b003c00170010  # option request
  003e 0003 010300  # network interface
  003d 0002 0007  # architecture
  0010 0026 000001570020505845436c69656e743a417263683a30303030373a554e44493a303033303030  # vendor class
`);

/** The IP stack gives fd00::1ac back, which PXE has now. */
export const ovmfConfigRelease = hex(`
  08 c73500  # RELEASE
  0001 000e 0001000131d95738525400b00706  # client identifier
  0002 000a 00030001020000000001  # server identifier
  0008 0002 0000  # elapsed time
  0003 0028 bee6fe5fffffffffffffffff00050018fd0000000000000000000000000001ac00000e1000000e10  # address association
`);

/** PXE gives it back, while what it loaded goes on with it. */
export const ovmfRelease = hex(`
  08 c83500  # RELEASE
  0001 000e 0001000131d95738525400b00706  # client identifier
  0002 000a 00030001020000000001  # server identifier
  0008 0002 0000  # elapsed time
  0003 0028 f7c6d67fffffffffffffffff00050018fd0000000000000000000000000001ac00000e1000000e10  # address association
`);

export const ipxeSolicit = hex(`
  01 d817a5  # SOLICIT
  0001 0012 000400000000000000000000000000000000  # client identifier
  0003 000c efa90d150000000000000000  # address association
  0006 0008 00170018003b003c  # option request
  0010 0026 000001570020505845436c69656e743a417263683a30303030373a554e44493a303033303130  # vendor class
  003d 0002 0007  # architecture
  003e 0003 01030a  # network interface
  000f 0006 000469505845  # user class
  0008 0002 0000  # elapsed time
`);

export const ipxeRequest = hex(`
  03 d817a5  # REQUEST
  0001 0012 000400000000000000000000000000000000  # client identifier
  0002 000a 00030001020000000001  # server identifier
  0003 0028 efa90d15000000000000000000050018fd0000000000000000000000000001ac0000000000000000  # address association
  0006 0008 00170018003b003c  # option request
  0010 0026 000001570020505845436c69656e743a417263683a30303030373a554e44493a303033303130  # vendor class
  003d 0002 0007  # architecture
  003e 0003 01030a  # network interface
  000f 0006 000469505845  # user class
  0008 0002 0003  # elapsed time
`);

/** HTTP Boot, captured in another boot of the same machine. */
export const ovmfHttpSolicit = hex(`
  01 defef8  # SOLICIT
  0001 000e 0001000131d95834525400b00706  # client identifier
  0008 0002 0000  # elapsed time
  0003 000c 7f4667f0ffffffffffffffff  # address association
  0006 0008 003b003c00170010  # option request
  003e 0003 010300  # network interface
  003d 0002 0010  # architecture
  0010 0027 00000157002148545450436c69656e743a417263683a30303031363a554e44493a303033303030  # vendor class
`);
