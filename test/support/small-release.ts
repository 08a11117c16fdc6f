import { createHash } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withUrls } from '../../src/release/artifact-urls.ts';
import { type RootLayout, rootLayout } from '../../src/release/layout.ts';
import { formatManifest, type ManifestEntry, releaseIdOf, sortEntries } from '../../src/release/manifest.ts';

export interface SmallRelease {
  readonly id: string;
  readonly folder: string;
}

/** A configuration that loads one kernel, one initrd and the live ISO. */
const grubConfig = `set timeout=0
menuentry "Live" {
  linux /boot/vmlinuz root=live:CDLABEL=LIVE rd.live.image
  initrd /boot/initrd.img
}
`;

/** Every file says of which release it is. */
function standardFiles(name: string): Record<string, string> {
  return {
    'bootx64.efi': `shim of ${name}`,
    'grubx64.efi': `GRUB of ${name}`,
    'boot/grub2/grub.cfg': grubConfig,
    'boot/grub2/grubenv': `# environment of ${name}`,
    'boot/grub2/fonts/unicode.pf2': `font of ${name}`,
    'boot/grub2/x86_64-efi/http.mod': `module of ${name}`,
    'boot/vmlinuz': `kernel of ${name}`,
    'boot/initrd.img': `initrd of ${name}`,
    'live.iso': `ISO of ${name}`,
  };
}

interface Extras {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Path to target. */
  readonly links?: Readonly<Record<string, string>>;
  readonly architecture?: 'x64' | 'arm64';
  /** The live system is somewhere else, or all of it in the initrd. */
  readonly liveUrl?: string;
  readonly fullOs?: boolean;
  /** The path of the live filesystem, which is in the release then instead of the ISO. */
  readonly live?: string;
}

/**
 * Writes a release of a few bytes as `bootwright serve` would have published it, without an ISO to make it of. `root`
 * becomes a root if it is not one yet.
 */
export async function writeRelease(root: string, name: string, extras: Extras = {}): Promise<SmallRelease> {
  const layout: RootLayout = rootLayout(root);
  const { links = {}, architecture = 'x64', live, liveUrl = null, fullOs = false } = extras;
  const contents = new Map<string, Uint8Array>(
    Object.entries({ ...standardFiles(name), ...extras.files }).map(([path, content]) => [path, Buffer.from(content)]),
  );
  if (live !== undefined) {
    contents.delete('live.iso');
    contents.set(live, Buffer.from(`squashfs of ${name}`));
  }
  const entries: ManifestEntry[] = [
    ...[...contents].map(([path, bytes]) => ({
      path,
      kind: 'file' as const,
      sizeBytes: bytes.byteLength,
      mode: '0644',
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })),
    ...Object.entries(links).map(([path, target]) => ({ path, kind: 'symlink' as const, target })),
  ];
  const id = releaseIdOf(name, entries);
  const folder = join(layout.releases, id);
  await mkdir(layout.own, { recursive: true });
  for (const [path, bytes] of contents) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(target, join(folder, path));
  }
  const manifest = formatManifest({
    format: 1,
    id,
    name,
    architecture,
    loader: { boot: 'bootx64.efi', grub: 'grubx64.efi', http: 'built-in' },
    kernels: ['boot/vmlinuz'],
    initrds: ['boot/initrd.img'],
    ...(live === undefined ? { iso: fullOs ? null : 'live.iso' } : { iso: null, live }),
    liveUrl,
    entries: withUrls(sortEntries(entries), {}),
  });
  await writeFile(join(folder, 'manifest.json'), manifest);
  return { id, folder };
}
