import { type Firmware, firmwareTable } from '../boot/firmware.ts';
import { readAll, readOption } from './options.ts';
import type { Options } from './packet.ts';

/** Firmware that wants to boot from the network, as it describes itself. */
export interface FirmwareSeen {
  /** `undefined` where the table has none of that architecture. */
  readonly firmware: Firmware | undefined;
  /** By which protocol it boots, and how it wants to be answered. */
  readonly kind: 'pxe' | 'http' | 'ipxe';
  /** Text of option 16, such as `PXEClient:Arch:00007:UNDI:003001`; empty of what only names an architecture. */
  readonly vendorClass: string;
  /** The first of option 61, or the number in the vendor class. */
  readonly architecture: number | undefined;
}

/** Vendor classes and user classes of one message; more are no firmware. */
const mostClasses = 8;

/** `undefined` where it is an operating system that asks, or anything else but boot firmware. */
export function readFirmware(options: Options): FirmwareSeen | undefined {
  const vendorClasses = readAll(options, 'vendorClass', mostClasses).flatMap(({ classes }) => classes);
  const vendorClass = vendorClasses.find((text) => /^(PXE|HTTP)Client/.test(text)) ?? '';
  const architectures = readOption(options, 'architectures') ?? [];
  const isIpxe = (readOption(options, 'userClasses') ?? []).some((name) => /^[ig]PXE$/.test(name));
  if (vendorClass === '' && architectures.length === 0 && !isIpxe) return undefined;
  const named = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass)?.[1];
  const numbers = architectures.length > 0 ? architectures : named === undefined ? [] : [Number(named)];
  const found = isIpxe ? findRow(numbers, 'ipxe-') : findFirmware(numbers);
  const firmware = vendorClass.startsWith('HTTP') && found?.startsWith('efi-') ? httpOf(found) : found;
  const kind = isIpxe ? 'ipxe' : vendorClass.startsWith('HTTP') || firmware?.startsWith('http-') ? 'http' : 'pxe';
  return { firmware, kind, vendorClass, architecture: numbers[0] };
}

function findFirmware(numbers: readonly number[]): Firmware | undefined {
  return findRow(numbers, 'http-') ?? findRow(numbers, 'efi-') ?? findRow(numbers, 'bios');
}

function findRow(numbers: readonly number[], prefix: string): Firmware | undefined {
  const kinds = Object.entries(firmwareTable).filter(([kind]) => kind.startsWith(prefix));
  return kinds.find(([, row]) => row.architectures.some((number) => numbers.includes(number)))?.[0] as
    | Firmware
    | undefined;
}

/** Some firmware gives the number of its PXE when it boots by HTTP. */
function httpOf(firmware: Firmware): Firmware | undefined {
  const kind = firmware.replace('efi-', 'http-');
  return kind in firmwareTable ? (kind as Firmware) : undefined;
}
