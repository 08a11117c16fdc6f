import { allocate, checked, type NativeMemory, packetCalls } from './packet-calls.ts';

/** One frame, or the payload of one where the kernel takes the headers off. */
export interface ReceivedPacket {
  /** Valid until the next packet is read. */
  readonly bytes: Uint8Array;
  /** On the wire; more than `bytes` holds where a filter or the buffer cut it. */
  readonly sizeBytes: number;
  /** Nanoseconds since 1970, by the kernel's clock at the moment of receipt. */
  readonly timeNs: bigint;
  /** The tag that the kernel took out of the frame, and its EtherType. IEEE 802.1Q. */
  readonly vlan?: { readonly protocol: number; readonly tag: number };
}

/** Both control messages: a time of 16 bytes and the 20 bytes of `tpacket_auxdata`, each behind a header of 16. */
const controlBytes = 128;

// Sizes and places in memory, the same on x64 and arm64: bits/socket.h, linux/if_packet.h.
const messageBytes = 64;
const vectorBytes = 16;
const message = { vector: 16, vectors: 24, control: 32, controlLength: 40, length: 56 } as const;
const header = { length: 0, level: 8, type: 12, data: 16 } as const;
const auxiliary = { status: 0, length: 4, tag: 16, protocol: 18 } as const;
const TP_STATUS_VLAN_VALID = 0x10;
const SOL_SOCKET = 1;
const SCM_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_AUXDATA = 8;
const MSG_DONTWAIT = 0x40;
const etherTypeVlan = 0x8100;

/** How many packets one call fetches, and how much of each. */
export interface RingSize {
  readonly slots: number;
  readonly slotBytes: number;
}

/** Room for a number of packets, and the structures that tell recvmmsg(2) where it is. */
export class PacketRing {
  readonly #memory: NativeMemory;
  readonly #view: DataView;
  readonly #size: RingSize;
  readonly #vectorsAt: number;
  readonly #controlAt: number;
  readonly #bytesAt: number;

  constructor(size: RingSize) {
    const { slots, slotBytes } = size;
    this.#size = size;
    this.#vectorsAt = slots * messageBytes;
    this.#controlAt = this.#vectorsAt + slots * vectorBytes;
    this.#bytesAt = this.#controlAt + slots * controlBytes;
    this.#memory = allocate(this.#bytesAt + slots * slotBytes);
    const { bytes, address } = this.#memory;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const pointer = (at: number, to: number) => this.#view.setBigUint64(at, address + BigInt(to), true);
    for (let slot = 0; slot < slots; slot += 1) {
      const vector = this.#vectorsAt + slot * vectorBytes;
      pointer(vector, this.#bytesAt + slot * slotBytes);
      this.#view.setBigUint64(vector + 8, BigInt(slotBytes), true);
      pointer(slot * messageBytes + message.vector, vector);
      this.#view.setBigUint64(slot * messageBytes + message.vectors, 1n, true);
      pointer(slot * messageBytes + message.control, this.#controlAt + slot * controlBytes);
    }
  }

  /** Hands over what is there, up to `slots` packets; their number. Throws an error with the errno's name as `code`. */
  receive(fd: number, onPacket: (packet: ReceivedPacket) => void): number {
    const { slots } = this.#size;
    for (let slot = 0; slot < slots; slot += 1) {
      this.#view.setBigUint64(slot * messageBytes + message.controlLength, BigInt(controlBytes), true);
    }
    const count = packetCalls().recvmmsg(fd, this.#memory.address, slots, MSG_DONTWAIT, null);
    if (count < 0) {
      try {
        checked(count, 'recvmmsg');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
        throw error;
      }
    }
    for (let slot = 0; slot < count; slot += 1) onPacket(this.#packet(slot));
    return count;
  }

  free(): void {
    this.#memory.free();
  }

  #packet(slot: number): ReceivedPacket {
    const { slotBytes } = this.#size;
    const length = this.#view.getUint32(slot * messageBytes + message.length, true);
    const start = this.#bytesAt + slot * slotBytes;
    const bytes = this.#memory.bytes.subarray(start, start + Math.min(length, slotBytes));
    let sizeBytes = length;
    let timeNs = 0n;
    let vlan: ReceivedPacket['vlan'];
    const controlAt = this.#controlAt + slot * controlBytes;
    const endAt = controlAt + Number(this.#view.getBigUint64(slot * messageBytes + message.controlLength, true));
    for (let at = controlAt; at + header.data <= endAt; ) {
      const size = Number(this.#view.getBigUint64(at + header.length, true));
      if (size < header.data || at + size > endAt) break;
      const level = this.#view.getInt32(at + header.level, true);
      const type = this.#view.getInt32(at + header.type, true);
      const data = at + header.data;
      if (level === SOL_SOCKET && type === SCM_TIMESTAMPNS) {
        timeNs = this.#view.getBigInt64(data, true) * 1_000_000_000n + this.#view.getBigInt64(data + 8, true);
      } else if (level === SOL_PACKET && type === PACKET_AUXDATA) {
        sizeBytes = this.#view.getUint32(data + auxiliary.length, true);
        if ((this.#view.getUint32(data + auxiliary.status, true) & TP_STATUS_VLAN_VALID) !== 0) {
          const protocol = this.#view.getUint16(data + auxiliary.protocol, true);
          vlan = {
            protocol: protocol === 0 ? etherTypeVlan : protocol,
            tag: this.#view.getUint16(data + auxiliary.tag, true),
          };
        }
      }
      at += (size + 7) & ~7;
    }
    return { bytes, sizeBytes, timeNs, ...(vlan === undefined ? {} : { vlan }) };
  }
}
