import type { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import { BootwrightError } from '../errors.ts';
import type { TlsFiles } from '../http/tls-files.ts';
import { dayMs, doubtsOf, readTlsMaterial, type TlsMaterial } from '../http/tls-material.ts';
import { watchTlsFiles } from '../http/tls-renewal.ts';
import type { Cancel, Clock } from '../platform/clock.ts';

/** The certificate of HTTPS, as it is renewed, and what there is to say about it. */
export interface Certificate {
  /** In use now. */
  readonly material: TlsMaterial;
  onRenewal(listener: (material: TlsMaterial) => void): void;
  /** Reads the files now. Whether that was of any use is in the log. */
  reload(): Promise<void>;
  /** A machine did not get through the handshake. */
  readonly refusedBy: (address: string, reason: string) => void;
  close(): void;
}

interface CertificateOptions {
  readonly settings: Settings['https'];
  readonly clock: Clock;
  readonly log: Logger;
}

/** A machine that boots tries again and again; one line a minute is enough of it. */
const quietMs = 60_000;
const mostQuiet = 1000;

/** `undefined` where HTTPS is not asked for. Throws TLS_HALF_CONFIGURED. */
function filesOf({ certificate, key }: Settings['https']): TlsFiles | undefined {
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (certificate === undefined && key === undefined) return undefined;
  const missing = certificate === undefined ? 'https.certificate' : 'https.key';
  throw new BootwrightError('TLS_HALF_CONFIGURED', { missing });
}

/** What an administrator would look for: whose it is, until when, and its fingerprint as openssl and browsers show it. */
function fieldsOf({ subjectAltName, validTo, fingerprint256, publicKey }: X509Certificate) {
  const names = (subjectAltName ?? 'nobody').replaceAll(/\b(DNS|IP Address):/g, '');
  return { names, until: new Date(validTo).toISOString(), fingerprint256, keyType: publicKey.asymmetricKeyType };
}

/**
 * Reads the certificate and its key, and keeps watch over them. `undefined` where no HTTPS is asked for. Throws what
 * `readTlsMaterial` throws, and TLS_HALF_CONFIGURED.
 */
export async function openCertificate({ settings, clock, log }: CertificateOptions): Promise<Certificate | undefined> {
  const files = filesOf(settings);
  if (files === undefined) return undefined;
  const listeners: ((material: TlsMaterial) => void)[] = [];
  let material = await readTlsMaterial(files);
  let cancel: Cancel = () => {};

  function tell(words: string): void {
    const fields = fieldsOf(material.certificate);
    log.info(fields, `${words}: for ${fields.names}, ${fields.keyType}, valid until ${fields.until}`);
  }
  /** At once, and then every day: a server that nobody starts anew has to say that nobody renews. */
  function warn(): void {
    cancel();
    for (const { code, data, message, remedy } of doubtsOf(material, files as TlsFiles, clock.nowMs())) {
      log.warn({ code, data, remedy }, `${message}. ${remedy}`);
    }
    cancel = clock.after(dayMs, warn);
  }

  const watch = watchTlsFiles({
    files,
    clock,
    material,
    renewed(fresh) {
      material = fresh;
      for (const listener of listeners) listener(fresh);
      tell('the certificate of HTTPS is another one now');
      warn();
    },
    refused(error) {
      const { message, ...fields } = error instanceof BootwrightError ? error : { message: String(error) };
      log.error(fields, `HTTPS goes on with the certificate that it has: ${message}`);
    },
  });
  tell('the certificate of HTTPS');
  warn();

  const toldAtMs = new Map<string, number>();
  return {
    get material() {
      return material;
    },
    onRenewal: (listener) => void listeners.push(listener),
    async reload() {
      if ((await watch.read()) === 'same') log.info('the certificate of HTTPS is still the same');
    },
    refusedBy(address, reason) {
      const nowMs = clock.elapsedMs();
      if (nowMs - (toldAtMs.get(address) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
      if (toldAtMs.size >= mostQuiet) toldAtMs.clear();
      toldAtMs.set(address, nowMs);
      log.warn({ address, reason }, `${address || 'somebody'} did not get through TLS: ${reason}`);
    },
    close() {
      cancel();
      watch.close();
    },
  };
}
