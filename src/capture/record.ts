import { BootwrightError } from '../errors.ts';
import type { ReceivedPacket } from '../platform/packet-ring.ts';
import { everyProtocol, openPacketSocket } from '../platform/packet-socket.ts';
import { BootTalk, type Sight } from './boot-talk.ts';
import { CaptureFile } from './capture-file.ts';
import { Dissector } from './dissect.ts';
import { kernelFilter } from './kernel-filter.ts';
import { linkTypes } from './packet.ts';

export interface RecorderOptions {
  readonly interface: string;
  /** Only this machine; lower case with colons. */
  readonly machine?: string;
  /** Where the packets go; `undefined`: they are told only. */
  readonly path?: string;
  /**
   * What is kept of the content of files: all, the beginning of each packet, or nothing but its last packet by TFTP,
   * and no acknowledgements either.
   */
  readonly content: 'whole' | 'cut' | 'none';
  readonly httpPorts: readonly number[];
  /** Hear machines that talk to another server, where the switch lets it. */
  readonly promiscuous: boolean;
  /** Who writes the file. */
  readonly application: string;
  readonly told: (sight: Sight & { readonly text: string }, timeNs: bigint) => void;
  /** So many packets were lost, since they came faster than they could be taken. */
  readonly lost: (count: number) => void;
}

interface Recorded {
  /** Packets that are part of booting. */
  readonly packets: number;
  readonly lost: number;
}

export interface Recorder {
  /** Settles by itself only where something fails: rejects with CAPTURE_UNWRITABLE or CAPTURE_INTERRUPTED. */
  readonly failed: Promise<never>;
  /** Ends it; the file is whole. Throws CAPTURE_UNWRITABLE where it is not. */
  stop(): Recorded;
}

const ethernetHardware = 1;
/** A second of a fast transfer, cut to its beginnings. */
const receiveBufferBytes = 32 * 1024 * 1024;
/** Two dozen calls a second at the rate of a full gigabit, and the largest packet that the kernel joins segments to. */
const ring = { slots: 32, slotBytes: 65_536 + 64 };
/** What is kept of a packet that holds content of a file; the kernel hands over somewhat more, for HTTP's heads. */
const bulkBytes = 256;
const bulkFromKernelBytes = 1024;
const lookForLossMs = 1000;

/**
 * Records what machines send and hear while they boot, until it is stopped. Throws PACKET_SOCKET_FORBIDDEN,
 * INTERFACE_NOT_FOUND, CAPTURE_LINK_UNSUPPORTED or CAPTURE_UNWRITABLE.
 */
export function startRecorder(options: RecorderOptions): Recorder {
  const { interface: name, machine, path, content, httpPorts, promiscuous, application } = options;
  const one = machine === undefined ? {} : { machine };
  const talk = new BootTalk({ ...one, httpPorts });
  const dissector = new Dissector();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Whoever waits for it hears of it; a recorder that is stopped first has nobody waiting.
  failed.catch(() => {});
  let file: CaptureFile | undefined;
  let received = 0;
  let packets = 0;
  let lost = 0;

  function take(packet: ReceivedPacket): void {
    received += 1;
    const { timeNs } = packet;
    const { bytes, sizeBytes } = withTag(packet);
    const sight = talk.see(dissector.dissect({ linkType: linkTypes.ethernet, bytes, timeNs }), timeNs);
    if (sight === undefined) return;
    const { text, part } = sight;
    if (content !== 'none' || part === 'message' || text !== undefined) {
      const isCut = part === 'content' && content !== 'whole';
      file?.add({ timeNs, bytes: isCut ? bytes.subarray(0, bulkBytes) : bytes, sizeBytes });
      packets += 1;
    }
    if (text !== undefined) options.told({ ...sight, text }, timeNs);
  }

  const socket = openPacketSocket({
    interface: name,
    protocol: everyProtocol,
    frames: true,
    ring,
    receiveBufferBytes,
    promiscuous,
    filter: kernelFilter({ ...one, httpPorts, bulkBytes: content === 'whole' ? ring.slotBytes : bulkFromKernelBytes }),
    onPacket: take,
    onFailure: (cause) => {
      const { code, message } = cause as NodeJS.ErrnoException;
      reject(new BootwrightError('CAPTURE_INTERRUPTED', { interface: name, reason: code ?? message }, { cause }));
    },
  });
  try {
    if (socket.hardware !== ethernetHardware) {
      throw new BootwrightError('CAPTURE_LINK_UNSUPPORTED', { interface: name, hardware: socket.hardware });
    }
    if (path !== undefined) file = new CaptureFile(path, { application, interface: name }, reject);
  } catch (error) {
    socket.close();
    throw error;
  }

  function lookForLoss(): void {
    const count = socket.takeDrops();
    lost += count;
    if (count > 0) options.lost(count);
  }
  const looking = setInterval(lookForLoss, lookForLossMs);

  return {
    failed,
    stop() {
      clearInterval(looking);
      socket.drain();
      lookForLoss();
      socket.close();
      file?.close(BigInt(Date.now()) * 1_000_000n, received + lost, lost);
      return { packets, lost };
    },
  };
}

/** As it was on the wire: Linux takes the tag of a VLAN out of the frame before anybody sees it. */
function withTag({ bytes, sizeBytes, vlan }: ReceivedPacket): Pick<ReceivedPacket, 'bytes' | 'sizeBytes'> {
  if (vlan === undefined) return { bytes, sizeBytes };
  const tagged = new Uint8Array(bytes.length + 4);
  tagged.set(bytes.subarray(0, 12));
  new DataView(tagged.buffer).setUint16(12, vlan.protocol);
  new DataView(tagged.buffer).setUint16(14, vlan.tag);
  tagged.set(bytes.subarray(12), 16);
  return { bytes: tagged, sizeBytes: sizeBytes + 4 };
}
