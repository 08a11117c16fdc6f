import { hasCode } from '../errors.ts';
import { Reader } from '../wire/reader.ts';

/** Sub-options of option 43 by their codes; `undefined` where it is cut off. RFC 2132 §8.4. */
export function readVendorOptions(bytes: Uint8Array | undefined): Map<number, Uint8Array> | undefined {
  const found = new Map<number, Uint8Array>();
  const reader = new Reader(bytes ?? new Uint8Array(0));
  try {
    while (reader.remaining > 0) {
      const code = reader.u8();
      if (code === 255) break;
      if (code !== 0) found.set(code, reader.take(reader.u8()));
    }
    return found;
  } catch (error) {
    if (hasCode(error, 'WIRE_TRUNCATED')) return undefined;
    throw error;
  }
}

/** Whether one of them is of PXE: then firmware boots by what the offer says. EDK2, PxeBcDhcp4.h: IS_VALID_DISCOVER_VENDOR. */
export function saysHowToBoot(vendorOptions: ReadonlyMap<number, unknown>): boolean {
  return [6, 7, 8, 9, 10].some((code) => vendorOptions.has(code));
}
