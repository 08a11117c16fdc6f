import type { SystemEntry } from './system.ts';

type Kind = Exclude<SystemEntry['kind'], 'link'>;

/** Kinds in `st_mode`. inode(7) */
export const kindBits: Readonly<Record<Kind, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  'character-device': 0o020000,
  'block-device': 0o060000,
  fifo: 0o010000,
};

/** The kind in a mode; `undefined` for a socket, and for what is none. */
export function kindIn(mode: number): Kind | undefined {
  return (Object.keys(kindBits) as Kind[]).find((kind) => kindBits[kind] === (mode & 0o170000));
}
