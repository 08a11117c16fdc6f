import type { Loader } from '../iso/pe.ts';
import { tftpParameters } from './clients.ts';
import type { Context } from './context.ts';
import { describeLoader, type FirmwareDone } from './firmware.ts';
import { checkLoader, loaderLimitBytes } from './loader.ts';
import { machineKinds } from './machine.ts';
import { kept } from './received.ts';
import { askForSpare } from './spare.ts';

/** What shim 16 looks for beside itself first: newer revocations, and a certificate of the machine's owner. */
const spareFiles = ['revocations_sku.efi', 'revocations_sbat.efi', 'shim_certificate_0.efi'];

/** What shim loads: GRUB from its own folder. A boot file that is GRUB itself loads nothing here. */
export async function bootShim(context: Context, { offer, expected, loader }: FirmwareDone): Promise<Loader> {
  if (loader.grub !== undefined) return loader;
  const { clients, timeline, architecture } = context;
  const { grubFile } = machineKinds[architecture];
  const beside = (name: string) => (expected.folder === '' ? name : `${expected.folder}/${name}`);
  const path = beside(grubFile);
  await askForSpare(context, 'shim', offer.server, spareFiles.map(beside), tftpParameters.shim);
  return timeline.record('shim', `TFTP: ${grubFile}`, async (notes) => {
    const received = await kept(path, loaderLimitBytes, (sink) =>
      clients.getByTftp(offer.server, path, tftpParameters.shim, sink),
    );
    notes.bytes = received.sizeBytes;
    expected.check(grubFile, received);
    const inspected = checkLoader(path, received.bytes, architecture);
    notes.detail = describeLoader(inspected);
    return inspected;
  });
}
