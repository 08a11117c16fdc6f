interface TinySection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** An ELF object of 64 bits that is nothing but a GRUB module's name. */
export function moduleObject(name: string): Uint8Array {
  const names = Buffer.from('\0.modname\0');
  const value = Buffer.from(`${name}\0`);
  const tableOffset = 64 + names.length + value.length;
  const bytes = Buffer.alloc(tableOffset + 3 * 64);
  bytes.set(Buffer.from('7f454c46020101', 'hex'));
  bytes.writeBigUInt64LE(BigInt(tableOffset), 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(3, 60);
  bytes.writeUInt16LE(1, 62);
  bytes.set(names, 64);
  bytes.set(value, 64 + names.length);
  const section = (index: number, nameOffset: number, offset: number, size: number) => {
    const at = tableOffset + index * 64;
    bytes.writeUInt32LE(nameOffset, at);
    bytes.writeBigUInt64LE(BigInt(offset), at + 24);
    bytes.writeBigUInt64LE(BigInt(size), at + 32);
  };
  section(1, 0, 64, names.length);
  section(2, 1, 64 + names.length, value.length);
  return bytes;
}

/** GRUB's `mods` section: a header, then objects with their types (0 a module, 1 a disk, 2 a configuration, 3 a prefix). */
export function modsSection(objects: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const parts = objects.map(([kind, content]) => {
    const bytes = Buffer.alloc(Math.ceil((8 + content.byteLength) / 8) * 8);
    bytes.writeUInt32LE(kind, 0);
    bytes.writeUInt32LE(8 + content.byteLength, 4);
    bytes.set(content, 8);
    return bytes;
  });
  const header = Buffer.alloc(24);
  header.set(Buffer.from('mimg'));
  header.writeBigUInt64LE(24n, 8);
  header.writeBigUInt64LE(BigInt(24 + Buffer.concat(parts).byteLength), 16);
  return Buffer.concat([header, ...parts]);
}

/** An EFI program (PE32+) with these sections and no code, as far as it takes for tools to sign it. */
export function tinyPe(sections: readonly TinySection[], machine = 0x8664, certificateBytes = 0): Uint8Array {
  const headers = Buffer.alloc(64 + 24 + 240 + sections.length * 40);
  headers.writeUInt32LE(headers.byteLength, 88 + 60);
  headers.set(Buffer.from('MZ'));
  headers.writeUInt32LE(64, 0x3c);
  headers.set(Buffer.from('PE\0\0'), 64);
  headers.writeUInt16LE(machine, 68);
  headers.writeUInt16LE(sections.length, 70);
  headers.writeUInt16LE(240, 84);
  headers.writeUInt16LE(0x20b, 88);
  headers.writeUInt16LE(10, 88 + 68);
  headers.writeUInt32LE(16, 88 + 108);
  headers.writeUInt32LE(certificateBytes, 88 + 112 + 4 * 8 + 4);
  let offset = headers.byteLength;
  for (const [index, { name, bytes }] of sections.entries()) {
    const at = 64 + 24 + 240 + index * 40;
    headers.set(Buffer.from(name), at);
    headers.writeUInt32LE(bytes.byteLength, at + 8);
    headers.writeUInt32LE(bytes.byteLength, at + 16);
    headers.writeUInt32LE(offset, at + 20);
    offset += bytes.byteLength;
  }
  return Buffer.concat([headers, ...sections.map(({ bytes }) => bytes)]);
}
