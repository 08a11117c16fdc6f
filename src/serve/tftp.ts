import type { Logger } from 'pino';
import type { ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Settings } from '../config/settings.ts';
import { startTftpThread } from '../tftp/start-thread.ts';

interface TftpOptions {
  readonly settings: Settings;
  readonly addresses: readonly { readonly address: string; readonly mtuBytes: number }[];
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  readonly log: Logger;
}

/**
 * Starts TFTP on every address that machines are told, all of them in one thread; what comes back ends it, and lets
 * transfers under way finish for `stopSeconds`.
 */
export async function serveTftp(options: TftpOptions): Promise<() => Promise<void>> {
  const { settings, addresses, resolve, report, log } = options;
  const thread = await startTftpThread({
    // Jumbo frames on our side say nothing of the machine's.
    servers: addresses.map(({ address, mtuBytes }) => ({
      ...settings.tftp,
      address,
      mtuBytes: Math.min(mtuBytes, 1500),
    })),
    resolve,
    report,
    warn: (text) => log.error(text),
  });
  for (const { address, port } of thread.locals) {
    const shown = address.includes(':') ? `[${address}]` : address;
    log.info({ address, port }, `TFTP on ${shown}:${port}`);
  }
  return () => thread.close({ graceMs: settings.stopSeconds * 1000 });
}
