import { describe, expect, it } from 'vitest';
import { BootTalk, type Sight } from '../../src/capture/boot-talk.ts';
import { Dissector } from '../../src/capture/dissect.ts';
import { packetCodec } from '../../src/tftp/packet.ts';
import { offerToOvmf, ovmfDiscover } from '../packets/dhcp-ovmf.ts';
import { type FrameEnds, lan, tcpFrame, udpFrame } from './frames.ts';

const machine = '52:54:00:12:34:56';
const server = '52:54:00:00:00:fe';
const client = { address: lan(5), port: 2070 };
const toServer: FrameEnds = {
  sourceMac: machine,
  destinationMac: server,
  from: client,
  to: { address: lan(1), port: 69 },
};

function watcher(options: { machine?: string } = {}): (frame: Uint8Array) => Sight | undefined {
  const talk = new BootTalk({ httpPorts: [80], ...options });
  const dissector = new Dissector();
  return (bytes) => talk.see(dissector.dissect({ linkType: 1, bytes, timeNs: 0n }), 0n);
}

/** From the port that the server answers on. */
function toClient(payload: Uint8Array): Uint8Array {
  const ends = { sourceMac: server, destinationMac: machine, from: { address: lan(1), port: 40000 }, to: client };
  return udpFrame(ends, payload);
}

describe('what is told', () => {
  it('DHCP: who asks, and what is given', () => {
    const see = watcher();
    const everybody = { address: '255.255.255.255', port: 67 };
    expect(see(udpFrame({ from: { address: '0.0.0.0', port: 68 }, to: everybody }, ovmfDiscover))).toEqual({
      machine,
      part: 'message',
      text: 'DISCOVER: UEFI x64, "PXEClient:Arch:00007:UNDI:003000"',
    });
    const offer = { from: { address: '10.98.0.1', port: 67 }, to: { address: '255.255.255.255', port: 68 } };
    expect(see(udpFrame(offer, offerToOvmf))?.text).toBe(
      'OFFER 10.98.0.10 from 10.98.0.1, boots releases/r1/bootx64.efi (direct)',
    );
    expect(see(udpFrame(offer, Uint8Array.of(9)))?.text).toMatch(/^damaged: /);
  });

  it('TFTP: what is asked for, and how it ends, on whatever port the server answers', () => {
    const see = watcher();
    const read = { kind: 'read', path: 'grub.cfg', mode: 'octet', options: new Map([['blksize', '8']]) } as const;
    const told = [
      udpFrame(toServer, packetCodec.encode(read)),
      toClient(packetCodec.encode({ kind: 'options', options: new Map([['blksize', '8']]) })),
      toClient(packetCodec.encode({ kind: 'data', block: 1, bytes: new Uint8Array(8) })),
      udpFrame(
        { ...toServer, to: { address: lan(1), port: 40000 } },
        packetCodec.encode({ kind: 'acknowledgement', block: 1 }),
      ),
      toClient(packetCodec.encode({ kind: 'data', block: 2, bytes: new Uint8Array(3) })),
      toClient(packetCodec.encode({ kind: 'error', errorCode: 1, message: 'no' })),
    ].map(see);
    expect(told.map((sight) => [sight?.machine, sight?.part, sight?.text])).toEqual([
      [machine, 'message', 'TFTP RRQ grub.cfg (blksize 8)'],
      [machine, 'message', 'TFTP OACK for grub.cfg (blksize 8)'],
      [machine, 'content', undefined],
      [machine, 'acknowledgement', undefined],
      [machine, 'content', 'TFTP end of grub.cfg (11 bytes in 0 ms)'],
      [machine, 'message', 'TFTP ERROR 1 of the server for grub.cfg: no'],
    ]);
  });

  it('TFTP: a server with one port, and a window that is still one packet where it was sent', () => {
    const see = watcher();
    const fromServer = { sourceMac: server, destinationMac: machine, from: toServer.to, to: client };
    const data = (block: number, size: number) =>
      packetCodec.encode({ kind: 'data', block, bytes: new Uint8Array(size) });
    const options = new Map([['blksize', '8']]);
    const told = [
      udpFrame(toServer, packetCodec.encode({ kind: 'read', path: 'shim', mode: 'octet', options })),
      udpFrame(fromServer, packetCodec.encode({ kind: 'options', options })),
      udpFrame(toServer, packetCodec.encode({ kind: 'acknowledgement', block: 0 })),
      udpFrame(fromServer, Buffer.concat([data(1, 8), data(2, 8)])),
      udpFrame(fromServer, Buffer.concat([data(3, 8), data(4, 8), data(5, 0)])),
    ].map(see);
    expect(told.map((sight) => [sight?.part, sight?.text])).toEqual([
      ['message', 'TFTP RRQ shim (blksize 8)'],
      ['message', 'TFTP OACK for shim (blksize 8)'],
      ['acknowledgement', undefined],
      ['content', undefined],
      ['content', 'TFTP end of shim (32 bytes in 0 ms)'],
    ]);
  });

  it('HTTP: requests and the heads of answers, on the ports that were named', () => {
    const see = watcher();
    const ask = { ...toServer, from: { address: lan(5), port: 4000 }, to: { address: lan(1), port: 80 } };
    const answer = { sourceMac: server, destinationMac: machine, from: ask.to, to: ask.from };
    const told = [
      tcpFrame(ask, 'GET /liveos.iso HTTP/1.1\r\nHost: x\r\n\r\n'),
      tcpFrame(answer, 'HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\nabc'),
      tcpFrame(answer, 'content'),
      tcpFrame(ask, '', 0x10),
      tcpFrame(answer, '', 0x14),
    ].map(see);
    expect(told.map((sight) => [sight?.machine, sight?.part, sight?.text])).toEqual([
      [machine, 'message', 'HTTP GET /liveos.iso'],
      [machine, 'message', 'HTTP 200 for GET /liveos.iso (2.0 KiB)'],
      [machine, 'content', undefined],
      [machine, 'acknowledgement', undefined],
      [machine, 'message', 'HTTP: 10.0.0.1 port 80 refused or broke off the connection'],
    ]);
    expect(see(tcpFrame({ ...ask, to: { address: lan(1), port: 22 } }, 'SSH-2.0'))).toBeUndefined();
  });
});

it('of one machine only: what it sends, what is sent to it, and what is broadcast about it', () => {
  const see = watcher({ machine });
  const offer = { from: { address: '10.98.0.1', port: 67 }, to: { address: '255.255.255.255', port: 68 } };
  expect(see(udpFrame({ ...offer, destinationMac: 'ff:ff:ff:ff:ff:ff' }, offerToOvmf))?.machine).toBe(machine);
  const another = offerToOvmf.slice();
  another[33] = 0x57;
  expect(see(udpFrame({ ...offer, destinationMac: 'ff:ff:ff:ff:ff:ff' }, another))).toBeUndefined();
  const read = { kind: 'read', path: 'x', mode: 'octet', options: new Map() } as const;
  expect(see(udpFrame(toServer, packetCodec.encode(read)))?.machine).toBe(machine);
  const others = { ...toServer, sourceMac: '52:54:00:00:00:77', from: { address: lan(7), port: 2070 } };
  expect(see(udpFrame(others, packetCodec.encode(read)))).toBeUndefined();
});
