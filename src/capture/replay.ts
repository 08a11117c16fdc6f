import type { ResolveBootFile } from '../boot/files.ts';
import { type Content, type Dissected, Dissector } from './dissect.ts';
import { HttpTalk } from './http-talk.ts';
import type { CapturedPacket } from './packet.ts';
import { serverPorts } from './recording.ts';
import { serverPorts6 } from './recording6.ts';
import type { DhcpReplay, ReplayedMessage } from './replay-dhcp.ts';
import type { Dhcp6Replay } from './replay-dhcp6.ts';
import { TftpTalk } from './tftp-talk.ts';

/** A file that a machine asked for, and what it would get. */
interface ReplayedFile {
  readonly timeNs: bigint;
  /** The MAC address of who asked, or the address where it came through a router. */
  readonly machine: string;
  readonly protocol: 'tftp' | 'http';
  readonly path: string;
  /** `undefined`: nobody looked. The path is inside of its release, where it is of one. */
  readonly found?: { readonly releaseId?: string; readonly path: string; readonly sizeBytes: number } | 'nothing';
}

export type Replayed = ({ readonly kind: 'message' } & ReplayedMessage) | ({ readonly kind: 'file' } & ReplayedFile);

export interface ReplayOptions {
  readonly dhcp: DhcpReplay;
  /** Without it, messages of DHCPv6 are left out. */
  readonly dhcp6?: Dhcp6Replay;
  /** Only this machine; lower case with colons. */
  readonly machine?: string;
  readonly httpPorts: readonly number[];
  /** Where files are looked for; without it, paths are only shown. */
  readonly resolve?: ResolveBootFile;
}

/** What a server would do with every request of a recording, one after the other. */
export async function* replay(
  packets: AsyncIterable<CapturedPacket>,
  { dhcp, dhcp6, machine, httpPorts, resolve }: ReplayOptions,
): AsyncGenerator<Replayed> {
  const dissector = new Dissector();
  const tftp = new TftpTalk();
  const http = new HttpTalk(httpPorts);
  const isWanted = (who: string) => machine === undefined || machine === who;

  async function fileAt(
    packet: Dissected & Extract<Content, { kind: 'udp' | 'tcp' }>,
    protocol: 'tftp' | 'http',
    path: string,
    timeNs: bigint,
  ): Promise<Replayed | undefined> {
    const { address } = packet.from;
    dhcp.fetched(address, timeNs);
    const who = dhcp.ledger.machineAt(address) ?? packet.sourceMac ?? address;
    if (!isWanted(who)) return undefined;
    const asked = { kind: 'file', timeNs, machine: who, protocol, path } as const;
    if (resolve === undefined) return asked;
    const file = await resolve(path, { protocol, address, local: packet.to.address });
    if (file === undefined) return { ...asked, found: 'nothing' };
    const { releaseId, path: there, sizeBytes } = file;
    return { ...asked, found: { path: there, sizeBytes, ...(releaseId === undefined ? {} : { releaseId }) } };
  }

  for await (const packet of packets) {
    const content = dissector.dissect(packet);
    const { timeNs } = packet;
    if (content.kind === 'udp') {
      const isIpv6 = content.to.address.includes(':');
      if ((isIpv6 ? serverPorts6 : serverPorts).includes(content.to.port)) {
        const replayed = (isIpv6 ? dhcp6 : dhcp)?.replay(content, timeNs);
        if (replayed !== undefined && isWanted(replayed.machine)) yield { kind: 'message', ...replayed };
        continue;
      }
      const path = tftp.see(content, timeNs)?.path;
      const file = path === undefined ? undefined : await fileAt(content, 'tftp', path, timeNs);
      if (file !== undefined) yield file;
    } else if (content.kind === 'tcp') {
      const path = http.see(content)?.path;
      const file = path === undefined ? undefined : await fileAt(content, 'http', path, timeNs);
      if (file !== undefined) yield file;
    }
  }
}
