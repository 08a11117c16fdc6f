import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openIso } from '../../src/iso/volume.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { tinyFat } from './tiny-fat.ts';
import { tinyLiveOs } from './tiny-liveos.ts';
import { tinyLoader } from './tiny-programs.ts';
import type { Parts } from './tiny-tree.ts';

/** The programs that `masteredLiveOs` needs. */
export const masteringPrograms = ['xorriso'];

/** What `tinyLiveOs` has, as an ISO that xorriso wrote to boot from a disc. */
export async function masteredLiveOs(path: string, parts: Parts = {}, label = 'CDROM'): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-mastered-'));
  try {
    const image = await openIso(bytesSource(tinyLiveOs(parts)));
    for (const entry of image.entries) {
      const place = join(folder, entry.path);
      mkdirSync(dirname(place), { recursive: true });
      if (entry.kind === 'symlink') symlinkSync(entry.target ?? '', place);
      if (entry.kind !== 'file') continue;
      const bytes = Buffer.alloc(entry.sizeBytes);
      await image.open(entry).read(bytes, 0);
      writeFileSync(place, bytes, { mode: entry.mode });
    }
    const fat = tinyFat({ 'EFI/BOOT/BOOTX64.EFI': tinyLoader('x64'), 'EFI/BOOT/GRUBX64.EFI': tinyLoader('x64') });
    mkdirSync(join(folder, 'boot/grub2'), { recursive: true });
    writeFileSync(join(folder, 'boot/grub2/efiboot.img'), fat);
    const boot = ['-eltorito-alt-boot', '-e', 'boot/grub2/efiboot.img', '-no-emul-boot'];
    execFileSync('xorriso', ['-as', 'mkisofs', '-R', '-J', '-V', label, ...boot, '-o', path, folder], {
      stdio: 'ignore',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
