import { grubConfigPath } from './layout.ts';
import { joinUrl, relativeReference } from './live-url.ts';
import type { ManifestEntry } from './manifest.ts';

/** What is known, when a release is built, of where it will be served. */
export interface KnownUrls {
  /** Of the folder that will hold the release. */
  readonly folder?: string | undefined;
  /** Of single files, by their path; they count more than `folder`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Percent-encoded where it was not: base URLs are taken as a person writes them. */
function encoded(url: string): string {
  return URL.parse(url)?.href ?? url;
}

/**
 * The entries with the URL of each file: absolute where it is known, else a reference that is relative to the URL of
 * the manifest, so that it is right wherever the whole folder is put. Links have none, since their target has one, and
 * neither has GRUB's configuration: what a server of ours answers there is made for the machine that asks.
 */
export function withUrls(entries: readonly ManifestEntry[], { folder, files = {} }: KnownUrls): ManifestEntry[] {
  return entries.map((entry) => {
    if (entry.kind === 'symlink' || entry.path === grubConfigPath) return entry;
    const known = Object.hasOwn(files, entry.path) ? files[entry.path] : undefined;
    const absolute = known ?? (folder === undefined ? undefined : joinUrl(folder, entry.path));
    return { ...entry, url: absolute === undefined ? relativeReference(entry.path) : encoded(absolute) };
  });
}
