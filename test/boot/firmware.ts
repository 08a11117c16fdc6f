import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';

const ovmf = '/usr/share/OVMF';

/**
 * What a machine starts with:
 *
 * - `uefi`: OVMF, as Debian packages it, which tries PXE over IPv4, then over IPv6, then HTTP Boot.
 * - `uefi-pxe6`: the same without PXE over IPv4.
 * - `uefi-http`: the same without PXE: HTTP Boot is all it knows.
 * - `bios`: SeaBIOS, with the iPXE that QEMU has on its network cards.
 */
export type MachineFirmware = 'uefi' | 'uefi-pxe6' | 'uefi-http' | 'bios';

/** OVMF's own switches. OvmfPkg/Library/PxeBcPcdProducerLib */
const withoutPxe: Readonly<Record<Exclude<MachineFirmware, 'bios'>, readonly ('IPv4' | 'IPv6')[]>> = {
  uefi: [],
  'uefi-pxe6': ['IPv4'],
  'uefi-http': ['IPv4', 'IPv6'],
};

/**
 * QEMU's arguments for a firmware, whose variables are its own in `folder`, and for a screen that it can write on.
 *
 * @param secureBoot true: Microsoft's keys are enrolled, and nothing starts that is not signed by them
 */
export async function firmware(kind: MachineFirmware, secureBoot: boolean, folder: string): Promise<readonly string[]> {
  // Without a screen, SeaBIOS writes to the serial line what it and GRUB would show there.
  if (kind === 'bios') return ['-machine', 'pc,graphics=off', '-vga', 'none'];
  const code = join(ovmf, secureBoot ? 'OVMF_CODE_4M.secboot.fd' : 'OVMF_CODE_4M.fd');
  const variables = join(folder, 'variables.fd');
  await copyFile(join(ovmf, secureBoot ? 'OVMF_VARS_4M.ms.fd' : 'OVMF_VARS_4M.fd'), variables);
  return [
    // In system management mode alone can the firmware keep its variables from the system that it boots.
    ...['-machine', `q35,smm=${secureBoot ? 'on' : 'off'}`],
    ...(secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
    ...withoutPxe[kind].flatMap((version) => ['-fw_cfg', `name=opt/org.tianocore/${version}PXESupport,string=n`]),
    // Nobody looks at the screen, but GRUB calls it an error if there is none.
    ...['-vga', 'std'],
  ];
}
