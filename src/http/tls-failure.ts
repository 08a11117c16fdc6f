/** What machines say, and what OpenSSL says of them, by parts of its error codes; the first that fits. */
const words: readonly (readonly [RegExp, string])[] = [
  [/ALERT_UNKNOWN_CA/, 'it does not know who issued the certificate'],
  [/ALERT_CERTIFICATE_EXPIRED/, 'to its clock, the certificate has expired'],
  [/ALERT_(BAD|UNSUPPORTED|REVOKED)?_?CERTIFICATE/, 'it does not take the certificate'],
  [/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/, 'it speaks no TLS 1.2'],
  [/NO_SHARED_CIPHER|ALERT_HANDSHAKE_FAILURE|NO_SHARED_GROUP|NO_SUITABLE/, 'it has no cipher for this kind of key'],
  [/NO_APPLICATION_PROTOCOL/, 'it speaks no HTTP/1.1'],
];

/** Why a handshake has come to nothing, of the machine at the other end. */
export function describeTlsFailure({ code = '', message }: NodeJS.ErrnoException): string {
  return words.find(([pattern]) => pattern.test(code))?.[1] ?? `${code} ${message}`.trim();
}
