import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';

const ovmf = '/usr/share/OVMF';

/**
 * QEMU's arguments for a UEFI firmware (OVMF, as Debian packages it) with variables of its own in `folder`.
 *
 * @param secureBoot true: Microsoft's keys are enrolled, and nothing starts that is not signed by them
 */
export async function firmware(secureBoot: boolean, folder: string): Promise<readonly string[]> {
  const code = join(ovmf, secureBoot ? 'OVMF_CODE_4M.secboot.fd' : 'OVMF_CODE_4M.fd');
  const variables = join(folder, 'variables.fd');
  await copyFile(join(ovmf, secureBoot ? 'OVMF_VARS_4M.ms.fd' : 'OVMF_VARS_4M.fd'), variables);
  return [
    // In system management mode alone can the firmware keep its variables from the system that it boots.
    ...['-machine', `q35,smm=${secureBoot ? 'on' : 'off'}`],
    ...(secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
  ];
}
