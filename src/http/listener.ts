import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { tlsVersions } from './tls-versions.ts';

const limits = {
  /** The head of a request, and all of it: firmware sends a packet. Looked after every 5 seconds. */
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  /** GRUB asks for the next file on the same connection after it has worked with the last one. */
  keepAliveTimeout: 60_000,
  /** Of all headers together; more is answered with 431. */
  maxHeaderSize: 16 * 1024,
  // What a proxy in front could understand otherwise than we do is refused.
  insecureHTTPParser: false,
};

/** A reader may be slow, and a machine may swap, but one that takes nothing for ten minutes was switched off. */
const silenceMs = 600_000;

export function plainListener(handler: RequestListener): Server {
  return createServer(limits, handler).setTimeout(silenceMs);
}

/** HTTP/1.1 over TLS 1.2 or later. `setSecureContext` with what `secureContext` says changes its certificate. */
export function tlsListener(handler: RequestListener, material: PemPair): TlsServer {
  return createTlsServer({ ...limits, ...secureContext(material), ALPNProtocols: ['http/1.1'] }, handler).setTimeout(
    silenceMs,
  );
}

interface PemPair {
  readonly chain: string;
  readonly key: string;
}

export function secureContext({ chain, key }: PemPair) {
  return { ...tlsVersions, cert: chain, key };
}
