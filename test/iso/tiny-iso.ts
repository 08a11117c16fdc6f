/** A file of a tiny ISO: exactly these bytes in its directory record, be they sensible or not. */
export interface TinyFile {
  /** The identifier as it is written, such as `FILE.TXT;1`. */
  readonly identifier: string | Uint8Array;
  /** The system use field. */
  readonly systemUse?: Uint8Array;
  readonly content?: Uint8Array;
  /** Makes it a directory. */
  readonly children?: readonly TinyFile[];
  readonly flags?: number;
  /** Where it claims to be, instead of where its content is. */
  readonly block?: number;
  /** What size it claims, instead of its content's. */
  readonly sizeBytes?: number;
}

interface TinyImage {
  readonly children: readonly TinyFile[];
  /** The system use field of the root's own record. */
  readonly rootSystemUse?: Uint8Array;
  readonly label?: string;
  /** A second tree, as Joliet. */
  readonly joliet?: readonly TinyFile[];
  /** El Torito's boot catalog. */
  readonly bootCatalog?: Uint8Array;
  /** Blocks from 100 on, as they are. */
  readonly blocks?: Readonly<Record<number, Uint8Array>>;
}

const blockBytes = 2048;
const directoryFlag = 2;
/** 20 November 2026, 12:34:56, in a zone one hour east. */
const date = [126, 11, 20, 12, 34, 56, 4];

function text(value: string): Uint8Array {
  return Buffer.from(value, 'latin1');
}

/** A number of 32 bits in both orders. */
export function both32(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value >>> 0, 0);
  bytes.writeUInt32BE(value >>> 0, 4);
  return bytes;
}

/** One SUSP field: two letters, its length, version 1, and its data. */
export function field(signature: string, ...data: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = Buffer.concat(data.map((part) => Uint8Array.from(part)));
  return Buffer.concat([text(signature), Uint8Array.of(body.length + 4, 1), body]);
}

/** The field of the root that announces SUSP, and a Rock Ridge field to go with it. */
export function announcement(): Uint8Array {
  return Buffer.concat([field('SP', [0xbe, 0xef, 0]), attributes(0o040755)]);
}

export function attributes(mode: number): Uint8Array {
  return field('PX', both32(mode), both32(1), both32(0), both32(0));
}

export function name(value: string): Uint8Array {
  return field('NM', [0], Buffer.from(value));
}

function record(file: TinyFile, block: number, sizeBytes: number): Uint8Array {
  const { identifier: given, systemUse = new Uint8Array(0) } = file;
  const identifier = typeof given === 'string' ? text(given) : given;
  const pad = identifier.length % 2 === 0 ? 1 : 0;
  const bytes = Buffer.alloc(33 + identifier.length + pad + systemUse.length + (systemUse.length % 2));
  bytes[0] = bytes.length;
  bytes.set(both32(file.block ?? block), 2);
  bytes.set(both32(file.sizeBytes ?? sizeBytes), 10);
  bytes.set(date, 18);
  bytes[25] = file.flags ?? (file.children === undefined ? 0 : directoryFlag);
  bytes[28] = 1;
  bytes[32] = identifier.length;
  bytes.set(identifier, 33);
  bytes.set(systemUse, 33 + identifier.length + pad);
  return bytes;
}

/** Builds an image of one block per directory, the tree from block 20 on. */
export function tinyIso(image: TinyImage): Uint8Array {
  const blocks = new Map<number, Uint8Array>(Object.entries(image.blocks ?? {}).map(([key, b]) => [Number(key), b]));
  let next = 20;

  function place(content: Uint8Array): number {
    const block = next;
    const count = Math.max(1, Math.ceil(content.length / blockBytes));
    next += count;
    for (let index = 0; index < count; index++) {
      blocks.set(block + index, content.subarray(index * blockBytes, (index + 1) * blockBytes));
    }
    return block;
  }

  function directory(children: readonly TinyFile[], parent: number, systemUse?: Uint8Array): number {
    const block = next++;
    const self = { identifier: Uint8Array.of(0), flags: directoryFlag, ...(systemUse !== undefined && { systemUse }) };
    const records = [
      record(self, block, blockBytes),
      record({ identifier: Uint8Array.of(1), flags: directoryFlag }, parent || block, blockBytes),
    ];
    for (const child of children) {
      const isDirectory = child.children !== undefined;
      const content = child.content ?? new Uint8Array(0);
      const at = isDirectory ? directory(child.children, block) : place(content);
      records.push(record(child, at, isDirectory ? blockBytes : content.length));
    }
    const bytes = Buffer.concat(records);
    if (bytes.length > blockBytes) throw new Error('too much for one block');
    blocks.set(block, bytes);
    return block;
  }

  function volume(kind: number, root: number): Uint8Array {
    const bytes = Buffer.alloc(blockBytes);
    bytes[0] = kind;
    bytes.set(text('CD001\x01'), 1);
    bytes.set(text((image.label ?? 'TINY').padEnd(32)), 40);
    bytes.writeUInt16LE(blockBytes, 128);
    bytes.set(record({ identifier: Uint8Array.of(0), flags: directoryFlag }, root, blockBytes), 156);
    return bytes;
  }

  const primary = volume(1, directory(image.children, 0, image.rootSystemUse));
  const volumes = [primary];
  if (image.joliet !== undefined) {
    const joliet = volume(2, directory(image.joliet, 0));
    joliet.set(text('%/E'), 88);
    volumes.push(joliet);
  }
  if (image.bootCatalog !== undefined) {
    const boot = Buffer.alloc(blockBytes);
    boot.set(text('\x00CD001\x01EL TORITO SPECIFICATION'), 0);
    boot.writeUInt32LE(place(image.bootCatalog), 71);
    volumes.push(boot);
  }
  const terminator = Buffer.alloc(blockBytes);
  terminator.set(text('\xffCD001\x01'), 0);
  for (const [index, descriptor] of [...volumes, terminator].entries()) blocks.set(16 + index, descriptor);
  const count = [...blocks.keys()].reduce((last, block) => Math.max(last, block)) + 1;
  primary.set(both32(count), 80);
  const bytes = new Uint8Array(count * blockBytes);
  for (const [block, content] of blocks) bytes.set(content, block * blockBytes);
  return bytes;
}
