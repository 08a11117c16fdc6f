import { type ErrorRow, exit } from './row.ts';

export const httpErrors = {
  TCP_PORT_IN_USE: {
    exit: exit.environment,
    problem: 'TCP port {port} of {address} is in use by another program',
    remedy:
      'Find it with "ss -ltnp sport = :{port}" and stop it (often nginx or apache), or choose another --http-port (--https-port for HTTPS).',
  },
  TCP_PORT_FORBIDDEN: {
    exit: exit.environment,
    problem: 'no permission to open TCP port {port} of {address}',
    remedy:
      'Run as root, or give the capability CAP_NET_BIND_SERVICE, or choose an --http-port (--https-port for HTTPS) above 1023.',
  },
  TCP_ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'this machine has no address {address}, so TCP port {port} cannot be opened on it',
    remedy: 'Look at "ip address" and name an address or an interface of this machine.',
  },
  TLS_HALF_CONFIGURED: {
    exit: exit.usage,
    problem: 'a certificate and its key belong together, and {missing} is not set',
    remedy: 'Set both, https.certificate and https.key (both may name one file that holds both), or neither.',
  },
  TLS_FILE_UNREADABLE: {
    exit: exit.environment,
    problem: '{path}, which HTTPS needs, cannot be read: {reason}',
    remedy:
      'Name a file that is there, and that the user whom the server runs as may read, in https.certificate or https.key.',
  },
  TLS_NO_CERTIFICATE: {
    exit: exit.usage,
    problem: 'there is no certificate in {path} that can be read: {reason}',
    remedy: 'Give a PEM file; "openssl x509 -inform der -in FILE -out FILE.pem" makes one of a binary certificate.',
  },
  TLS_NO_KEY: {
    exit: exit.usage,
    problem: 'there is no private key in {path} that can be read: {reason}',
    remedy: 'Give a PEM file, whose first line is like "-----BEGIN PRIVATE KEY-----".',
  },
  TLS_KEY_ENCRYPTED: {
    exit: exit.usage,
    problem: 'the private key in {path} is locked with a passphrase, which nobody is there to enter',
    remedy: 'Store it without one: "openssl pkey -in {path} -out unlocked.pem", readable for the server alone.',
  },
  TLS_KEY_OF_ANOTHER: {
    exit: exit.usage,
    problem: 'the key in {key} does not belong to the certificate in {certificate}, but {found}',
    remedy:
      'Name a pair that belongs together, with the certificate of the server first in its file, before those of its issuers.',
  },
  TLS_UNUSABLE: {
    exit: exit.usage,
    problem: 'the certificate in {path} cannot be used: {reason}',
    remedy: 'Make a new one with an RSA key of 2048 bits or more, or an ECDSA key on P-256, signed with SHA-256.',
  },
  TLS_EXPIRED: {
    exit: exit.usage,
    severity: 'warning',
    problem: 'the certificate in {path} expired on {until}',
    remedy: 'Renew it: firmware and download tools refuse it. It is read anew when the file changes.',
  },
  TLS_EXPIRES_SOON: {
    exit: exit.usage,
    severity: 'warning',
    problem: 'the certificate in {path} expires on {until}',
    remedy: 'See why nobody has renewed it yet. It is read anew when the file changes.',
  },
  TLS_NOT_YET_VALID: {
    exit: exit.usage,
    severity: 'warning',
    problem: 'the certificate in {path} is valid from {from} on, and not yet',
    remedy: 'See that the clock of this computer is right ("timedatectl"), or wait.',
  },
  TLS_KEY_EXPOSED: {
    exit: exit.usage,
    severity: 'warning',
    problem: 'the private key in {path} can be read by everybody on this computer, or changed by others (mode {mode})',
    remedy: 'Run "chmod 600 {path}", as its owner, and renew the certificate with another key.',
  },
} as const satisfies Record<string, ErrorRow>;
