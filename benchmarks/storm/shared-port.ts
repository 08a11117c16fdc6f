import type { OnDatagram, Udp, UdpOptions, UdpSocket } from '../../src/platform/udp.ts';

/** Where the transaction and the Ethernet address of a machine stand in a DHCP message. RFC 2131 §2. */
const xid = { start: 4, end: 8 };
const chaddr = { start: 28, end: 34 };

/** Whose message it is. */
function machineIn(message: Uint8Array): string {
  const part = ({ start, end }: typeof xid) => Buffer.from(message.subarray(start, end)).toString('hex');
  return `${part(xid)} ${part(chaddr)}`;
}

/**
 * Every other port by `udp` itself; this one is opened once, for all the machines that are in this process, and what
 * comes is handed to the one whose transaction it is.
 */
export async function sharePort(udp: Udp, shared: UdpOptions): Promise<Udp & { close(): Promise<void> }> {
  const hearers = new Map<string, (bytes: Uint8Array, from: Parameters<OnDatagram>[1]) => void>();
  const socket = await udp.open(shared, (bytes, from) => hearers.get(machineIn(bytes))?.(bytes, from));
  return {
    async open(options, onDatagram) {
      if (options.port !== shared.port) return udp.open(options, onDatagram);
      const mine = new Set<string>();
      const own: UdpSocket = {
        local: socket.local,
        send(bytes, to, sent) {
          const machine = machineIn(bytes);
          mine.add(machine);
          hearers.set(machine, (heard, from) => onDatagram(heard, from, own));
          socket.send(bytes, to, sent);
        },
        async close() {
          for (const machine of mine) hearers.delete(machine);
        },
      };
      return own;
    },
    close: () => socket.close(),
  };
}
