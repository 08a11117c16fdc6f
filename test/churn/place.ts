import { numberedBytes } from '../support/boot-file-in-memory.ts';

/** Where everybody is: a cable with the server at one end, and all others at the other. */
export const serverAddress = '10.77.0.1';
export const serverNetwork = `${serverAddress}/16`;
/** Of those that want nothing but their files. */
export const healthyAddress = '10.77.0.60';
/** Of those that do not. */
export const abuserAddresses = Array.from({ length: 40 }, (_, nth) => `10.77.1.${nth + 1}`);
/** Of a machine that is switched off while it fetches. */
export const switchedOffAddress = '10.77.2.1';
/** A thousand of them: inventing machines does not use them up at once, and does in the end. */
export const leaseRange = '10.77.100.0-10.77.103.231';

export const ports = { http: 80, https: 443, tftp: 69, dhcp: 67 } as const;

/** What the release holds beside its small files: enough that a reader can be in the midst of it. */
export const files = {
  'bootx64.efi': numberedBytes(900_001),
  'grubx64.efi': numberedBytes(2_500_000),
  'boot/vmlinuz': numberedBytes(8_000_000),
  'live.iso': numberedBytes(48 * 1024 * 1024),
} as const;

export const large = 'live.iso';
export const medium = 'boot/vmlinuz';
export const small = 'bootx64.efi';

/** An invented machine; each has a name of its own. */
export function macOf(nth: number): string {
  const hex = nth.toString(16).padStart(8, '0');
  return `02:00:${hex.replace(/(..)(?=.)/g, '$1:')}`;
}
