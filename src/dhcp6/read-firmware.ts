import { type FirmwareKind, firmwareFor, protocolOf } from '../boot/architectures.ts';
import type { Firmware } from '../boot/firmware.ts';
import { readAll, readOption } from './options.ts';
import type { Options } from './packet.ts';

/** Firmware that wants to boot from the network, as it describes itself. */
export interface FirmwareSeen {
  /** `undefined` where the table has none of that architecture. */
  readonly firmware: Firmware | undefined;
  /** By which protocol it boots, and how it wants to be answered. */
  readonly kind: FirmwareKind;
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
  const spoken = vendorClass === '' ? protocolOf(numbers[0]) : vendorClass.startsWith('HTTP') ? 'http' : 'pxe';
  const kind = isIpxe ? 'ipxe' : spoken;
  return { firmware: firmwareFor(numbers, kind), kind, vendorClass, architecture: numbers[0] };
}
