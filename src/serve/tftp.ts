import type { Logger } from 'pino';
import type { ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../platform/clock.ts';
import { nodeUdp } from '../platform/udp-node.ts';
import { startTftpServer, type TftpServer } from '../tftp/server.ts';

interface TftpOptions {
  readonly settings: Settings;
  readonly addresses: readonly { readonly address: string; readonly mtuBytes: number }[];
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Starts TFTP on every address that machines are told; what comes back ends it, and lets transfers under way finish for
 * `stopSeconds`. Where one address fails, those before it are ended again.
 */
export async function serveTftp(options: TftpOptions): Promise<() => Promise<void>> {
  const { settings, addresses, resolve, report, clock, log } = options;
  const { port, maxTransfers, maxPerMachine, singlePort } = settings.tftp;
  const servers: TftpServer[] = [];
  const stop = async (graceMs: number) => void (await Promise.all(servers.map((server) => server.close({ graceMs }))));
  try {
    for (const { address, mtuBytes } of addresses) {
      // Jumbo frames on our side say nothing of the machine's.
      const limits = { maxTransfers, maxPerMachine, singlePort, mtuBytes: Math.min(mtuBytes, 1500) };
      const server = await startTftpServer({ udp: nodeUdp, clock, address, port, resolve, report, ...limits });
      servers.push(server);
      const shown = address.includes(':') ? `[${address}]` : address;
      log.info({ address, port: server.local.port }, `TFTP on ${shown}:${server.local.port}`);
    }
  } catch (error) {
    await stop(0);
    throw error;
  }
  return () => stop(settings.stopSeconds * 1000);
}
