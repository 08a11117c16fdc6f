import { type Options, readOption } from './options.ts';

/** IANA, "Processor Architecture Types", by the number in option 93. */
const architectureNames: Readonly<Record<number, string>> = {
  0: 'BIOS',
  1: 'NEC/PC98',
  2: 'Itanium',
  3: 'DEC Alpha',
  4: 'Arc x86',
  5: 'Intel Lean Client',
  6: 'UEFI ia32',
  7: 'UEFI x64',
  8: 'UEFI Xscale',
  // RFC 4578 §2.1 says 9 for x64 and 7 for EBC, IANA's list says the reverse; x64 firmware sends either.
  9: 'UEFI x64',
  10: 'UEFI arm32',
  11: 'UEFI arm64',
  12: 'PowerPC Open Firmware',
  13: 'PowerPC ePAPR',
  14: 'POWER OPAL v3',
  15: 'UEFI ia32 with HTTP Boot',
  16: 'UEFI x64 with HTTP Boot',
  18: 'UEFI arm32 with HTTP Boot',
  19: 'UEFI arm64 with HTTP Boot',
  25: 'UEFI RISC-V 32',
  27: 'UEFI RISC-V 64',
};

/** The architectures that get a boot file. */
const served: readonly number[] = [7, 9];

/** Firmware that wants to boot from the network, as it describes itself. */
export interface Firmware {
  /** Text of option 60, such as `PXEClient:Arch:00007:UNDI:003016`. */
  readonly vendorClass: string;
  /** Option 93, or the number in the vendor class; `undefined` where neither names one. */
  readonly architecture: number | undefined;
  /** Whether there is a road for it: PXE on UEFI x64. */
  readonly isServed: boolean;
}

/** `undefined` where it is an operating system that asks, or anything else but boot firmware. */
export function firmwareOf(options: Options): Firmware | undefined {
  const vendorClass = readOption(options, 'vendorClass');
  if (vendorClass === undefined || !/^(PXE|HTTP)Client/.test(vendorClass)) return undefined;
  const listed = readOption(options, 'architectures') ?? [];
  const named = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass)?.[1];
  const architecture =
    listed.find((number) => served.includes(number)) ?? listed[0] ?? (named === undefined ? undefined : Number(named));
  const isServed = vendorClass.startsWith('PXE') && architecture !== undefined && served.includes(architecture);
  return { vendorClass, architecture, isServed };
}

export function describeArchitecture(architecture: number | undefined): string {
  if (architecture === undefined) return 'an architecture that it does not name';
  return `${architectureNames[architecture] ?? 'an unknown architecture'} (${architecture} in option 93)`;
}
