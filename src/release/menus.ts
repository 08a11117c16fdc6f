import { isUtf8 } from 'node:buffer';
import type { BlsFile } from '../grub/bls-entry.ts';
import { expandBls } from '../grub/expand-bls.ts';
import { decodeEnvironment, type Environments, environmentPaths } from '../grub/load-env.ts';
import type { Medium } from '../grub/medium.ts';
import { redirectTarget } from '../grub/redirect.ts';
import type { ImageTree } from '../iso/tree.ts';
import { readSmall } from './base-image.ts';
import { type FoundConfig, findConfig } from './recognise.ts';

/** A configuration of GRUB as an image has it, and what it depends on. */
export interface Menu {
  readonly found: FoundConfig;
  /** Without `blscfg`: its entries stand in it. */
  readonly text: string;
  /** One that is not UTF-8 must come out with the same bytes, whatever they mean. */
  readonly encoding: 'utf8' | 'latin1';
  readonly medium: Medium;
  readonly environments: Environments;
}

const configLimitBytes = 4 * 1024 * 1024;
/** An environment block has 1 KiB, and a configuration a handful of them. */
const environmentLimitBytes = 64 * 1024;
const maxEnvironments = 100;
const entryLimitBytes = 64 * 1024;
const maxEntries = 1000;
const ownBlockPaths = ['boot/grub2/grubenv', 'boot/grub/grubenv'] as const;

/** The image as its configuration asks about it. */
function mediumOf(tree: ImageTree): Medium {
  return {
    kindOf(path) {
      const kind = tree.find(path)?.kind;
      return kind === 'symlink' ? undefined : kind;
    },
  };
}

async function readEnvironment(tree: ImageTree, path: string) {
  const entry = tree.find(path);
  if (entry?.kind !== 'file' || entry.sizeBytes > environmentLimitBytes) return undefined;
  const bytes = await readSmall(tree, path, environmentLimitBytes);
  return bytes && decodeEnvironment(bytes.toString('latin1'));
}

async function readEnvironments(tree: ImageTree, text: string): Promise<Environments> {
  const environments = new Map<string, ReturnType<typeof decodeEnvironment>>();
  for (const path of environmentPaths(text).slice(0, maxEnvironments)) {
    const found = await readEnvironment(tree, path);
    if (found !== undefined) environments.set(path, found);
  }
  return environments;
}

/** Entries of the Boot Loader Specification, in `loader/entries` at the root or in `boot`. */
async function readBlsFiles(tree: ImageTree): Promise<{ path: string; bytes: Buffer }[]> {
  const files = tree.entries.filter(
    ({ path, kind }) => kind === 'file' && /^(?:boot\/)?loader\/entries\/[^/]+\.conf$/i.test(path),
  );
  const read: { path: string; bytes: Buffer }[] = [];
  for (const { path } of files.slice(0, maxEntries)) {
    const bytes = await readSmall(tree, path, entryLimitBytes);
    if (bytes !== undefined) read.push({ path, bytes });
  }
  return read;
}

const showsBls = /\bbls(?:cfg|_import)\b/;
const maxRedirects = 4;

/** The configuration that one leads on to, as a vendor's in EFI/<vendor> does; itself where it leads nowhere. */
async function follow(tree: ImageTree, found: FoundConfig, medium: Medium): Promise<[FoundConfig, Buffer]> {
  let at = found;
  for (let hop = 0; ; hop += 1) {
    const bytes = (await readSmall(tree, at.entry.path, configLimitBytes)) ?? Buffer.alloc(0);
    const target = hop < maxRedirects ? redirectTarget(bytes.toString('latin1'), medium) : undefined;
    const entry = target === undefined ? undefined : tree.find(target);
    if (entry?.kind !== 'file' || entry.path === at.entry.path) return [at, bytes];
    at = { ...at, entry };
  }
}

/**
 * Reads the configuration for the network or that for discs. Throws IMAGE_NO_GRUB_CONFIG, IMAGE_CONFIG_TOO_LARGE,
 * GRUB_CONFIG_MALFORMED or BLS_ENTRY_UNUSABLE.
 */
export async function readMenu(
  tree: ImageTree,
  use: 'network' | 'disc',
  architecture: 'x64' | 'arm64' | undefined,
): Promise<Menu> {
  const medium = mediumOf(tree);
  const [found, original] = await follow(tree, findConfig(tree, use), medium);
  // Where nothing shows them, they are of no use, and decide about no encoding.
  const bls = showsBls.test(original.toString('latin1')) ? await readBlsFiles(tree) : [];
  const encoding = [original, ...bls.map(({ bytes }) => bytes)].every((bytes) => isUtf8(bytes)) ? 'utf8' : 'latin1';
  const written = original.toString(encoding);
  const environments = await readEnvironments(tree, written);
  const own = await Promise.all(ownBlockPaths.map((path) => readEnvironment(tree, path)));
  const text = expandBls(written, {
    entries: bls.map(({ path, bytes }): BlsFile => ({ path, text: bytes.toString(encoding) })),
    environment: own.find((block) => block !== undefined),
    environments,
    architecture,
    medium,
  });
  return { found, text, encoding, medium, environments };
}
