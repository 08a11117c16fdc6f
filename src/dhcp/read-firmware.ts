import { type FirmwareKind, firmwareFor, isRaspberryPi, nameArchitecture } from '../boot/architectures.ts';
import { type Firmware, firmwareTable } from '../boot/firmware.ts';
import { type Options, readOption } from './options.ts';

/** Firmware that wants to boot from the network, as it describes itself. */
export interface FirmwareRead {
  /** `undefined` where the table has no row for it. */
  readonly firmware: Firmware | undefined;
  readonly kind: FirmwareKind;
  /** Text of option 60, such as `PXEClient:Arch:00007:UNDI:003016`; empty where there is none. */
  readonly vendorClass: string;
  /** For people: `UEFI x64, "PXEClient:Arch:00007:UNDI:003016"`. */
  readonly text: string;
}

/** gPXE is what iPXE was called once. */
const ipxeNames: readonly string[] = ['iPXE', 'gPXE'];

/**
 * `undefined` where it is an operating system that asks, or anything else but boot firmware. iPXE is known by option 77,
 * raw or as RFC 3004 has it, or by option 175 alone; U-Boot by its vendor class; a Raspberry Pi by its MAC address.
 * Throws DHCP_MALFORMED.
 */
export function readFirmware(options: Options, mac: string): FirmwareRead | undefined {
  const vendorClass = readOption(options, 'vendorClass') ?? '';
  const isIpxe =
    options.has(175) || (readOption(options, 'userClasses') ?? []).some((name) => ipxeNames.includes(name));
  if (!isIpxe && !/^(PXEClient|HTTPClient|U-Boot)/.test(vendorClass)) return undefined;
  const kind = isIpxe ? 'ipxe' : vendorClass.startsWith('HTTP') ? 'http' : 'pxe';
  const named = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass)?.[1];
  const architectures = readOption(options, 'architectures') ?? (named === undefined ? [] : [Number(named)]);
  const firmware = firmwareFor(architectures, kind);
  const recognised = firmware === 'bios' && isRaspberryPi(mac) ? 'raspberry-pi' : firmware;
  return { firmware: recognised, kind, vendorClass, text: describe(recognised, architectures, vendorClass) };
}

function describe(firmware: Firmware | undefined, architectures: readonly number[], vendorClass: string): string {
  const [first] = architectures;
  const unknown = first === undefined ? 'an architecture that it does not name' : nameArchitecture(first);
  const name = firmware === undefined ? unknown : firmwareTable[firmware].text;
  return vendorClass === '' ? name : `${name}, "${vendorClass}"`;
}
