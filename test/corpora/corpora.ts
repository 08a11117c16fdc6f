import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Content, Dissector } from '../../src/capture/dissect.ts';
import { type CapturedPacket, linkTypes } from '../../src/capture/packet.ts';
import { readCapture } from '../../src/capture/read.ts';
import { bytesSource } from '../../src/platform/files.ts';

/** One file of this folder. */
export interface CorpusFile {
  /** `tcpdump/dhcp-mud.pcap`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export type Datagram = Extract<Content, { kind: 'udp' }>;

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Everything that is not ours. */
export async function corpora(): Promise<readonly CorpusFile[]> {
  const paths = (await readdir(folder, { recursive: true })).toSorted();
  const isCorpus = (path: string) => /\.(pcap|pcapng|pkt[46])$/.test(path);
  return Promise.all(paths.filter(isCorpus).map(async (path) => ({ path, bytes: await corpus(path) })));
}

/** Kea's are written in hexadecimal. */
export async function corpus(path: string): Promise<Uint8Array> {
  const bytes = await readFile(folder + path);
  return Uint8Array.from(/\.pkt[46]$/.test(path) ? Buffer.from(bytes.toString('latin1').trim(), 'hex') : bytes);
}

/** Its packets; Kea's files are one each, with the header of Linux's cooked capture, or a part of one. */
export async function* packetsIn({ path, bytes }: CorpusFile): AsyncGenerator<CapturedPacket> {
  if (/\.pkt[46]$/.test(path)) yield { timeNs: 0n, linkType: linkTypes.linuxCooked, bytes, sizeBytes: bytes.length };
  else yield* readCapture(bytesSource(bytes), path);
}

/** The datagrams of UDP in it. */
export async function datagramsIn(file: CorpusFile): Promise<readonly Datagram[]> {
  const dissector = new Dissector();
  const contents = (await Array.fromAsync(packetsIn(file))).map((packet) => dissector.dissect(packet));
  return contents.filter((content) => content.kind === 'udp');
}
