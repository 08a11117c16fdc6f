import { decodeText } from '../iso/text.ts';
import type { ImageTree } from '../iso/tree.ts';
import type { InspectedInitrd } from './initrd.ts';
import { type OsRelease, parseDiskInfo, parseOsRelease, parseTreeInfo } from './os-release.ts';
import type { Facts } from './report.ts';

/** Files of an image that say what is in it, best first. */
const files: readonly { readonly path: string; readonly parse: (text: string) => OsRelease | undefined }[] = [
  { path: 'etc/os-release', parse: parseOsRelease },
  { path: '.treeinfo', parse: parseTreeInfo },
  { path: '.disk/info', parse: parseDiskInfo },
];
const maxBytes = 64 * 1024;

/** Says what system an image is of: its initrd knows best. */
export async function identify(
  tree: ImageTree,
  initrds: readonly { readonly path: string; readonly osRelease: InspectedInitrd['osRelease'] }[],
  label: string | undefined,
): Promise<Facts['system']> {
  for (const { path, osRelease } of initrds) {
    if (osRelease !== undefined) return systemOf(osRelease, `os-release in ${path}`);
  }
  for (const { path, parse } of files) {
    const entry = tree.find(path);
    if (entry?.kind !== 'file') continue;
    const bytes = new Uint8Array(Math.min(entry.sizeBytes, maxBytes));
    await tree.open(entry).read(bytes, 0);
    const found = parse(decodeText(bytes));
    if (found !== undefined) return systemOf(found, path);
  }
  return label ? { name: label, id: null, version: null, from: 'the volume label' } : null;
}

function systemOf({ name, id, version }: OsRelease, from: string): Facts['system'] {
  return { name, id: id ?? null, version: version ?? null, from };
}
