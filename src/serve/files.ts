import type { Logger } from 'pino';
import type { ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Settings } from '../config/settings.ts';
import { BlockCache } from '../http/block-cache.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import type { Clock } from '../platform/clock.ts';
import { serveTftp } from './tftp.ts';

/** An address of ours that machines fetch from. */
export interface FileAddress {
  /** IPv4 or IPv6. */
  readonly address: string;
  readonly mtuBytes: number;
}

export interface FileServersOptions {
  readonly settings: Settings;
  readonly addresses: readonly FileAddress[];
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  readonly clock: Clock;
  readonly log: Logger;
  readonly activeRelease: () => string | undefined;
}

export interface FileServers {
  /** Ends what is open to machines at such addresses, which have been started anew. */
  forget(addresses: readonly string[]): void;
}

/**
 * Starts HTTP and TFTP on every address that machines are told, and nowhere else. What was started is put on `started`;
 * transfers under way may finish for `stopSeconds`, all of them side by side.
 */
export async function serveFiles(options: FileServersOptions, started: AsyncDisposableStack): Promise<FileServers> {
  const { settings, addresses, resolve, report, clock, log } = options;
  const graceMs = settings.stopSeconds * 1000;
  const stops: (() => Promise<void>)[] = [];
  const webs: HttpServer[] = [];
  started.defer(async () => {
    await Promise.all(stops.map((stop) => stop()));
  });
  const cache = new BlockCache(settings.http.cacheMiB * 1024 * 1024);
  for (const { address } of addresses) {
    const shown = address.includes(':') ? `[${address}]` : address;
    const http = await startHttpServer({
      address,
      port: settings.http.port,
      resolve,
      report,
      clock,
      cache,
      health: () => ({ activeRelease: options.activeRelease() ?? null }),
    });
    stops.push(() => http.close(graceMs));
    webs.push(http);
    log.info({ address, port: http.port }, `HTTP on ${shown}:${http.port}`);
  }
  stops.push(await serveTftp({ settings, addresses, resolve, report, log }));
  return {
    forget(addresses) {
      for (const web of webs) web.forget(addresses);
    },
  };
}
