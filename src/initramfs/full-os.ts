import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BootwrightError } from '../errors.ts';
import { type TreeChanges, together } from '../release/overlay-tree.ts';
import { compress, initrdCompression } from './compression.ts';
import type { Conversion } from './conversion.ts';
import { CpioWriter } from './cpio-write.ts';
import { Outlet } from './outlet.ts';
import { liveSystem, putScratch } from './pack.ts';
import { whySelinuxIsOn } from './selinux.ts';
import { osReleaseOf, type Survey } from './survey.ts';
import { noContent, type SystemEntry, type SystemSink } from './system.ts';

/** Where GRUB loads the one initramfs of all kernels from. */
const initrdPath = 'boot/initrd.img';

/** Packs a whole system into one initramfs. Throws as `convert`. */
export async function toFullOs(conversion: Conversion): Promise<TreeChanges> {
  const { tree, kernels, survey, scratch, signal, squashfs } = conversion;
  refuseSelinux(conversion);
  const init = initOf(conversion.path, survey);
  const at = join(scratch, 'initrd.img');
  const live = liveSystem(conversion);
  const stream = compress(await initrdCompression({ tree, kernels, survey }));
  const file = createWriteStream(at, { flags: 'wx', mode: 0o600 });
  const outlet = new Outlet(stream, pipeline(stream, file, signal === undefined ? {} : { signal }));
  const writer = new CpioWriter(outlet, survey.linkCounts);
  try {
    await live.fill(withOpenRoot(writer));
    if (init !== undefined) await writer.add(init, noContent);
    await writer.end();
  } finally {
    stream.destroy();
  }
  const { size } = await stat(at);
  const made = { put: [putScratch(tree.find(initrdPath)?.path ?? initrdPath, at, size)], remove: [] };
  if (squashfs === undefined) return together(made, live.changes);
  const initrds = kernels.flatMap(({ initrd, isRescue }) => (initrd === undefined || isRescue ? [] : [initrd.path]));
  return together({ put: [], remove: [conversion.path, ...initrds] }, made, live.changes);
}

function refuseSelinux({ kernelArguments = [], survey }: Conversion): void {
  const config = survey.texts.get('etc/selinux/config');
  const reason = whySelinuxIsOn({ kernelArguments, config, osRelease: osReleaseOf(survey) });
  if (reason !== undefined) throw new BootwrightError('INITRAMFS_SELINUX', { reason });
}

/** Linux starts /init of an initramfs: a link to what starts the system, where there is none. */
function initOf(path: string, { landmarks }: Survey): SystemEntry | undefined {
  if (landmarks.has('init')) return undefined;
  if (!landmarks.has('systemd') && !landmarks.has('sbinInit')) throw new BootwrightError('INITRAMFS_NO_INIT', { path });
  const target = landmarks.has('systemd') ? '/lib/systemd/systemd' : '/sbin/init';
  const common = { mode: 0o777, uid: 0, gid: 0, modifiedSeconds: 0, sizeBytes: 0 } as const;
  return { ...common, path: 'init', kind: 'symlink', target };
}

/** The root of an initramfs must be open to all, or services of other users do not start. */
function withOpenRoot(next: SystemSink): SystemSink {
  return {
    add: (entry, content) => next.add(entry.path === '' ? { ...entry, mode: 0o755 } : entry, content),
  };
}
