import { BootwrightError } from '../errors.ts';
import { openFat } from '../iso/fat.ts';
import type { ImageTree } from '../iso/tree.ts';
import type { IsoImage } from '../iso/volume.ts';
import { type FoundLoader, findLoaders, type Loaders } from '../release/recognise.ts';
import { attempt, type Finding, finding } from './finding.ts';
import { type Program, readLoader } from './program.ts';
import type { Facts } from './report.ts';

/** An image as far as loaders go: a tree, and the FATs that firmware boots from a disc. */
export type LoadersOf = ImageTree & Partial<Pick<IsoImage, 'bootImages' | 'openBootImage'>>;

/** The loaders of an image, read; `last` is the one that should be GRUB. */
export interface ReadLoaders {
  readonly loaders: Loaders | undefined;
  readonly boot: Program | undefined;
  readonly last: Program | undefined;
}

/** Many images have their loaders only in the FAT that firmware boots from a disc (El Torito). */
async function findInBootImages({ bootImages = [], openBootImage }: LoadersOf): Promise<Loaders | undefined> {
  for (const bootImage of bootImages) {
    if (bootImage.platform !== 'efi' || openBootImage === undefined) continue;
    try {
      const loaders = findLoaders(await openFat(openBootImage(bootImage)));
      if (loaders !== undefined) return loaders;
    } catch (error) {
      if (!(error instanceof BootwrightError)) throw error;
      // One that is no FAT, or a damaged one: there are no loaders in it, which is what the caller says.
    }
  }
  return undefined;
}

/** Reads the loaders of an image, and says what is wrong with them. */
export async function readLoaders(image: LoadersOf, findings: Finding[]): Promise<ReadLoaders> {
  const loaders = findLoaders(image) ?? (await findInBootImages(image));
  if (loaders === undefined) {
    findings.push(finding('IMAGE_NO_LOADER', { path: 'EFI/BOOT/bootx64.efi' }));
    return { loaders, boot: undefined, last: undefined };
  }
  const signatures: Finding[] = [];
  const read = (found: FoundLoader) => attempt(findings, () => readLoader(whole(found), signatures));
  const boot = await read(loaders.boot);
  const last = loaders.grub === undefined ? boot : await read(loaders.grub);
  for (const program of new Set([boot, last])) {
    if (program === undefined || program.machine === loaders.architecture) continue;
    const reason = `it is for ${program.machine}, not for ${loaders.architecture}`;
    findings.push(finding('IMAGE_LOADER_INVALID', { path: program.path, reason }));
  }
  if (loaders.grub === undefined && last !== undefined && last.grub === undefined) {
    findings.push(finding('IMAGE_NO_GRUB', { path: loaders.boot.entry.path }));
  }
  findings.push(...signatures);
  if (last !== undefined) checkGrub(last, findings);
  return { loaders, boot, last };
}

function whole({ entry, open }: FoundLoader) {
  return { path: entry.path, sizeBytes: entry.sizeBytes, open };
}

/** What is built into GRUB; which modules of one are known only where it was made by GRUB's own tools. */
export function grubFacts(program: Program | undefined): Facts['grub'] {
  const grub = program?.grub;
  if (grub === undefined) return null;
  const { modules, hasMemoryDisk } = grub;
  const http = modules.length === 0 ? 'unknown' : modules.includes('http') ? 'built-in' : 'missing';
  return { prefix: grub.prefix || null, modules: [...modules], http, hasMemoryDisk };
}

/** A prefix that names a disk, such as `(hd0,gpt2)/boot/grub`; `(,gpt2)/…` is one on the disk that it came from. */
const diskPrefix = /^\((?:[hcf]d\d*|memdisk|,|lvm)/;

function checkGrub({ path, grub }: Program, findings: Finding[]): void {
  if (grub === undefined || grub.modules.length === 0) return;
  const { modules, prefix = '', hasMemoryDisk } = grub;
  const hasNetwork = modules.includes('tftp') || modules.includes('http');
  // A memory disk may bring what is not built in.
  if (!hasNetwork && !hasMemoryDisk) findings.push(finding('GRUB_NO_NETWORK', { path }));
  if (diskPrefix.test(prefix) && grub.config === undefined) {
    findings.push(finding('GRUB_PREFIX_ON_DISK', { path, prefix }));
  }
}
