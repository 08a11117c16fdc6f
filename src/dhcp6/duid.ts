import { formatMac, parseMac } from '../wire/addresses.ts';

/** IANA, "Hardware Types". */
const ethernet = 1;

/** A server's own, made of a network card that it will always have: DUID-LL of Ethernet. RFC 8415 §11.4. */
export function duidOfMac(mac: string): Uint8Array {
  return Uint8Array.of(0, 3, 0, ethernet, ...(parseMac(mac) ?? new Uint8Array(6)));
}

/** The hardware address of a DUID-LLT or a DUID-LL of Ethernet. RFC 8415 §11.2, §11.4. */
export function macOfDuid(duid: Uint8Array): string | undefined {
  const view = new DataView(duid.buffer, duid.byteOffset, duid.byteLength);
  if (duid.length < 4 || view.getUint16(2) !== ethernet) return undefined;
  const type = view.getUint16(0);
  if (type === 1 && duid.length === 14) return formatMac(duid.subarray(8));
  if (type === 3 && duid.length === 10) return formatMac(duid.subarray(4));
  return undefined;
}

/** Of a DUID-UUID. RFC 6355 §4. */
export function uuidOfDuid(duid: Uint8Array): string | undefined {
  if (duid.length !== 18 || duid[0] !== 0 || duid[1] !== 4) return undefined;
  const digits = Buffer.from(duid.subarray(2)).toString('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
