import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/**
 * UEFI speaks TLS 1.2 and nothing newer in most machines (EDK2 had no 1.3 before 2024); older versions are broken. Where
 * its OpenSSL was built without elliptic curves, as EDK2's was until 2022, only RSA is left to it, with or without
 * Diffie-Hellman: hence `dhparam`, and no list of ciphers that is stricter than Node's.
 */
export const tlsVersions = {
  minVersion: 'TLSv1.2',
  dhparam: 'auto',
  // A client that asks for new keys all the time would keep the processor busy; none needs them.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const satisfies SecureContextOptions;
