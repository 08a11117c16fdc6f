import { type Firmware, firmwareTable } from './firmware.ts';

/** IANA, "Processor Architecture Types": the numbers of option 93 and of DHCPv6 option 61 that no row speaks of. */
const othersNames: Readonly<Record<number, string>> = {
  1: 'NEC/PC98',
  2: 'Itanium',
  3: 'DEC Alpha',
  4: 'Arc x86',
  5: 'Intel Lean Client',
  8: 'UEFI Xscale',
  12: 'PowerPC Open Firmware',
  13: 'PowerPC ePAPR',
  14: 'POWER OPAL v3',
  17: 'UEFI EBC with HTTP Boot',
  20: 'BIOS with HTTP Boot',
  29: 'UEFI RISC-V 128',
  30: 'UEFI RISC-V 128 with HTTP Boot',
  31: 's390 Basic',
  32: 's390 Extended',
  33: 'UEFI MIPS 32',
  34: 'UEFI MIPS 64',
  35: 'UEFI Sunway 32',
  36: 'UEFI Sunway 64',
  37: 'UEFI LoongArch 32',
  38: 'UEFI LoongArch 32 with HTTP Boot',
  39: 'UEFI LoongArch 64',
  40: 'UEFI LoongArch 64 with HTTP Boot',
};

/** By which protocol firmware says that it boots; iPXE is a kind of its own, since it must not be given iPXE again. */
export type FirmwareKind = 'pxe' | 'http' | 'ipxe';

interface Row {
  readonly firmware: Firmware;
  readonly kind: FirmwareKind;
  /** Such as `x64`, or `bios`. */
  readonly processor: string;
}

const rows: readonly Row[] = (Object.keys(firmwareTable) as Firmware[]).map((firmware) => {
  const [, prefix, processor = firmware] = /^(efi|http|ipxe)-(.*)$/.exec(firmware) ?? [];
  return { firmware, kind: prefix === 'http' || prefix === 'ipxe' ? prefix : 'pxe', processor };
});

/** Which processor a number speaks of; the first row that has it says so. */
const processors = new Map<number, string>();
for (const { firmware, processor } of rows) {
  for (const number of firmwareTable[firmware].architectures) {
    if (!processors.has(number)) processors.set(number, processor);
  }
}

/** The numbers for PXE and for HTTP Boot differ, but what the vendor class says counts: firmware sends either. */
function rowFor(architecture: number, kind: FirmwareKind): Firmware | undefined {
  const processor = processors.get(architecture);
  const find = (wanted: FirmwareKind) => rows.find((row) => row.kind === wanted && row.processor === processor);
  return (find(kind) ?? (kind === 'ipxe' ? find('pxe') : undefined))?.firmware;
}

/**
 * Which row of the table a machine is that lists these architectures. Where there are several, the one that a release
 * boots by its own loader, then one that anything boots. `undefined`: no row.
 */
export function firmwareFor(architectures: readonly number[], kind: FirmwareKind): Firmware | undefined {
  const listed = architectures.flatMap((architecture) => rowFor(architecture, kind) ?? []);
  const bootable = listed.filter((firmware) => firmwareTable[firmware].release !== undefined);
  return bootable.find((firmware) => firmwareTable[firmware].file === 'release') ?? bootable[0] ?? listed[0];
}

/** Which of the two a number alone speaks of, where nothing else tells. */
export function protocolOf(architecture: number | undefined): 'pxe' | 'http' {
  const numbers = (row: Row) => firmwareTable[row.firmware].architectures;
  const isHttp = rows.some((row) => row.kind === 'http' && numbers(row).some((number) => number === architecture));
  return isHttp ? 'http' : 'pxe';
}

/** `UEFI x64 (7)`, or `an unknown architecture (4242)`. */
export function nameArchitecture(architecture: number): string {
  const firmware = rows.find((row) => firmwareTable[row.firmware].architectures.includes(architecture))?.firmware;
  const name = firmware === undefined ? othersNames[architecture] : firmwareTable[firmware].text;
  return `${name ?? 'an unknown architecture'} (${architecture})`;
}

/** IEEE's list (MA-L), "Raspberry Pi Foundation", "Raspberry Pi Trading Ltd", "Raspberry Pi (Trading) Ltd". */
const raspberryPi: readonly string[] = [
  'b8:27:eb',
  'dc:a6:32',
  'e4:5f:01',
  'd8:3a:dd',
  '28:cd:c1',
  '2c:cf:67',
  '88:a2:9e',
];

/** By its MAC address: lower case, with colons. Its boot ROM says that it was a BIOS. */
export function isRaspberryPi(mac: string): boolean {
  return raspberryPi.includes(mac.slice(0, 8));
}
