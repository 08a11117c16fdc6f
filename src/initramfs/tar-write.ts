import type { Outlet } from './outlet.ts';
import type { Content, ExtendedAttribute, SystemEntry, SystemSink } from './system.ts';
import { blockBytes, blockPadding, encodeTarHeader, type TarHeader } from './tar-header.ts';

const types: Readonly<Record<SystemEntry['kind'], string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

const headerOfExtension = {
  mode: 0o644,
  uid: 0,
  gid: 0,
  modifiedSeconds: 0,
  linkName: '',
  major: 0,
  minor: 0,
} as const;
const nameField = 100;

/** A pax record, whose length counts its own digits. */
function paxRecord({ name, value }: ExtendedAttribute): Buffer {
  const rest = Buffer.concat([Buffer.from(` SCHILY.xattr.${name}=`, 'latin1'), value, Buffer.from('\n')]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function extension(type: 'L' | 'K' | 'x', content: Uint8Array): Uint8Array[] {
  const sizeBytes = content.byteLength;
  const name = type === 'x' ? 'pax' : '././@LongLink';
  const header = encodeTarHeader({ ...headerOfExtension, type, name, sizeBytes });
  return [header, content, new Uint8Array(blockPadding(sizeBytes))];
}

function longName(type: 'L' | 'K', name: string): Uint8Array[] {
  return name.length <= nameField ? [] : extension(type, Buffer.from(`${name}\0`, 'latin1'));
}

/** The blocks before the content of an entry. */
function encodeEntry(entry: SystemEntry): Uint8Array[] {
  const path = entry.path === '' ? '.' : `./${entry.path}`;
  const name = entry.kind === 'directory' ? `${path}/` : path;
  const linkName = entry.kind === 'link' ? `./${entry.target}` : (entry.target ?? '');
  const header: TarHeader = {
    name,
    linkName,
    type: types[entry.kind],
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    sizeBytes: entry.sizeBytes,
    modifiedSeconds: entry.modifiedSeconds,
    major: entry.device?.major ?? 0,
    minor: entry.device?.minor ?? 0,
  };
  const attributes = entry.attributes ?? [];
  return [
    ...(attributes.length === 0 ? [] : extension('x', Buffer.concat(attributes.map(paxRecord)))),
    ...longName('K', linkName),
    ...longName('L', name),
    encodeTarHeader(header),
  ];
}

/** Writes a system as a tar archive, as `readTar` reads it. */
export class TarWriter implements SystemSink {
  readonly #outlet: Outlet;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  async add(entry: SystemEntry, content: Content): Promise<void> {
    for (const block of encodeEntry(entry)) await this.#outlet.write(block);
    if (entry.sizeBytes === 0) return;
    for await (const piece of content) await this.#outlet.write(piece);
    await this.#outlet.write(new Uint8Array(blockPadding(entry.sizeBytes)));
  }

  async end(): Promise<void> {
    await this.#outlet.write(new Uint8Array(2 * blockBytes));
    await this.#outlet.end();
  }
}
