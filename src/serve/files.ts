import type { Logger } from 'pino';
import type { ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../platform/clock.ts';
import { type ServedHttp, serveHttp } from './http.ts';
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

/**
 * Starts HTTP, HTTPS and TFTP on every address that machines are told, and nowhere else. What was started is put on
 * `started`; transfers under way may finish for `stopSeconds`, all of them side by side.
 */
export async function serveFiles(options: FileServersOptions, started: AsyncDisposableStack): Promise<ServedHttp> {
  const { settings, addresses, resolve, report, log } = options;
  const stops: (() => Promise<void>)[] = [];
  started.defer(async () => {
    await Promise.all(stops.map((stop) => stop()));
  });
  const http = await serveHttp(options, stops);
  stops.push(await serveTftp({ settings, addresses, resolve, report, log }));
  return http;
}
