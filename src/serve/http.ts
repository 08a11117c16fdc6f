import type { Logger } from 'pino';
import type { ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { Settings } from '../config/settings.ts';
import { createAdmission } from '../http/admission.ts';
import { BlockCache } from '../http/block-cache.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import type { Clock } from '../platform/clock.ts';
import { openCertificate } from './certificate.ts';

const mebibyte = 1024 * 1024;

interface HttpOptions {
  readonly settings: Settings;
  readonly addresses: readonly { readonly address: string }[];
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  readonly clock: Clock;
  readonly log: Logger;
  readonly activeRelease: () => string | undefined;
}

export interface ServedHttp {
  /** Resets what is open to machines at such addresses. */
  forget(addresses: readonly string[]): void;
  /** Reads the certificate anew, where there is HTTPS. */
  reload(): Promise<void>;
}

function admissionOf({ http }: Settings, clock: Clock) {
  const { maxTransfers, maxPerMachine, totalMiBPerSecond: total, machineMiBPerSecond: machine } = http;
  return createAdmission({
    maxTransfers,
    maxPerMachine,
    clock,
    ...(total === undefined ? {} : { totalBytesPerSecond: total * mebibyte }),
    ...(machine === undefined ? {} : { machineBytesPerSecond: machine * mebibyte }),
  });
}

/**
 * Starts HTTP on every address that machines are told, and HTTPS beside it where there is a certificate: the same files
 * out of the same memory, under the same limits. What ends them is put on `stops`, one by one as they are started.
 */
export async function serveHttp(options: HttpOptions, stops: (() => Promise<void>)[]): Promise<ServedHttp> {
  const { settings, addresses, resolve, report, clock, log } = options;
  const cache = new BlockCache(settings.http.cacheMiB * mebibyte);
  const shared = { resolve, report, clock, cache, admission: admissionOf(settings, clock) };
  const health = () => ({ activeRelease: options.activeRelease() ?? null });
  const servers: HttpServer[] = [];
  const start = async (where: Parameters<typeof startHttpServer>[0]) => {
    const server = await startHttpServer(where);
    servers.push(server);
    stops.push(() => server.close(settings.stopSeconds * 1000));
    return server.port;
  };

  const certificate = await openCertificate({ settings: settings.https, clock, log });
  if (certificate !== undefined) {
    certificate.onRenewal((material) => {
      for (const server of servers) server.renew(material);
    });
    stops.push(async () => certificate.close());
  }
  for (const { address } of addresses) {
    const shown = address.includes(':') ? `[${address}]` : address;
    const port = await start({ address, port: settings.http.port, health, ...shared });
    log.info({ address, port }, `HTTP on ${shown}:${port}`);
    if (certificate === undefined) continue;
    const tls = { material: certificate.material, failed: certificate.refusedBy };
    const tlsPort = await start({ address, port: settings.https.port, health, ...shared, tls });
    log.info({ address, port: tlsPort }, `HTTPS on ${shown}:${tlsPort}`);
  }
  return {
    forget(addresses) {
      for (const server of servers) server.forget(addresses);
    },
    reload: async () => await certificate?.reload(),
  };
}
