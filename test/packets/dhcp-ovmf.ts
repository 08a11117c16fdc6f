import { hex, zeros } from '../support/hex.ts';

// One PXE boot of OVMF 2022.11 (Debian 12, `-device virtio-net-pci,romfile=`), captured with tcpdump on its tap: OVMF
// took the answers and asked for the boot file by TFTP. The UDP payloads, byte for byte.

/** Sent to 255.255.255.255:67. */
export const ovmfDiscover = hex(`
  01 01 06 00  # request, Ethernet, 6 bytes, no hops
  c2b274a9  # xid
  0000 8000  # secs, broadcast flag
  00000000  # ciaddr 0.0.0.0
  00000000  # yiaddr 0.0.0.0
  00000000  # siaddr 0.0.0.0
  00000000  # giaddr 0.0.0.0
  525400123456 00000000000000000000  # chaddr
  ${zeros(64)}  # sname
  ${zeros(128)}  # file
  63825363  # magic cookie
  3501 01  # message type
  3902 05c0  # maximum message size 1472
  3723 0102030405060c0d0f111216171c28292a2b3233363a3b3c4243618081828384858687  # parameter list
  6111 ${zeros(17)}  # machine identifier
  5e03 010300  # UNDI version
  5d02 0007  # architecture 7
  3c20 505845436c69656e743a417263683a30303030373a554e44493a303033303030  # vendor class
  ff  # end
`);

/** Sent to 255.255.255.255:68. */
export const offerToOvmf = hex(`
  02 01 06 00  # reply, Ethernet, 6 bytes, no hops
  c2b274a9  # xid
  0000 8000  # secs, broadcast flag
  00000000  # ciaddr 0.0.0.0
  0a62000a  # yiaddr 10.98.0.10
  0a620001  # siaddr 10.98.0.1
  00000000  # giaddr 0.0.0.0
  525400123456 00000000000000000000  # chaddr
  ${zeros(64)}  # sname
  72656c65617365732f72312f626f6f747836342e656669 ${zeros(105)}  # file releases/r1/bootx64.efi
  63825363  # magic cookie
  3501 02  # message type
  3604 0a620001  # server identifier 10.98.0.1
  3304 00000258  # lease time 600
  3a04 0000012c  # renewal time 300
  3b04 0000020d  # rebinding time 525
  0104 ffffff00  # subnet mask 255.255.255.0
  1c04 0a6200ff  # broadcast 10.98.0.255
  0304 0a620001  # router 10.98.0.1
  0604 0a620001  # DNS 10.98.0.1
  0f0b 6578616d706c652e6e6574  # domain "example.net"
  3c09 505845436c69656e74  # vendor class "PXEClient"
  2b04 060108ff  # PXE: boot from the file
  6111 ${zeros(17)}  # machine identifier
  420a 31302e39382e302e3100  # TFTP server "10.98.0.1"
  4318 72656c65617365732f72312f626f6f747836342e65666900  # boot file "releases/r1/bootx64.efi"
  00  # pad
  ff  # end
`);

/** Four seconds later: until then EDK2 collects offers. */
export const ovmfRequest = hex(`
  01 01 06 00  # request, Ethernet, 6 bytes, no hops
  c2b274a9  # xid
  0000 8000  # secs, broadcast flag
  00000000  # ciaddr 0.0.0.0
  00000000  # yiaddr 0.0.0.0
  00000000  # siaddr 0.0.0.0
  00000000  # giaddr 0.0.0.0
  525400123456 00000000000000000000  # chaddr
  ${zeros(64)}  # sname
  ${zeros(128)}  # file
  63825363  # magic cookie
  3501 03  # message type
  3604 0a620001  # server identifier 10.98.0.1
  3204 0a62000a  # requested address 10.98.0.10
  3902 ff00  # maximum message size 65280
  3723 0102030405060c0d0f111216171c28292a2b3233363a3b3c4243618081828384858687  # parameter list
  6111 ${zeros(17)}  # machine identifier
  5e03 010300  # UNDI version
  5d02 0007  # architecture 7
  3c20 505845436c69656e743a417263683a30303030373a554e44493a303033303030  # vendor class
  ff  # end
`);

/** OVMF then asked for `releases/r1/bootx64.efi` with tsize, blksize 1468 and windowsize 4. */
export const ackToOvmf = hex(`
  02 01 06 00  # reply, Ethernet, 6 bytes, no hops
  c2b274a9  # xid
  0000 8000  # secs, broadcast flag
  00000000  # ciaddr 0.0.0.0
  0a62000a  # yiaddr 10.98.0.10
  0a620001  # siaddr 10.98.0.1
  00000000  # giaddr 0.0.0.0
  525400123456 00000000000000000000  # chaddr
  ${zeros(64)}  # sname
  72656c65617365732f72312f626f6f747836342e656669 ${zeros(105)}  # file releases/r1/bootx64.efi
  63825363  # magic cookie
  3501 05  # message type
  3604 0a620001  # server identifier 10.98.0.1
  3304 00000258  # lease time 600
  3a04 0000012c  # renewal time 300
  3b04 0000020d  # rebinding time 525
  0104 ffffff00  # subnet mask 255.255.255.0
  1c04 0a6200ff  # broadcast 10.98.0.255
  0304 0a620001  # router 10.98.0.1
  0604 0a620001  # DNS 10.98.0.1
  0f0b 6578616d706c652e6e6574  # domain "example.net"
  3c09 505845436c69656e74  # vendor class "PXEClient"
  2b04 060108ff  # PXE: boot from the file
  6111 ${zeros(17)}  # machine identifier
  420a 31302e39382e302e3100  # TFTP server "10.98.0.1"
  4318 72656c65617365732f72312f626f6f747836342e65666900  # boot file "releases/r1/bootx64.efi"
  00  # pad
  ff  # end
`);
