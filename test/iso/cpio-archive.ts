interface CpioFile {
  readonly path: string;
  readonly content?: string;
  readonly mode?: number;
}

function align(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.byteLength & 3)]);
}

function entry({ path, content = '', mode = 0o100644 }: CpioFile, magic: string): Uint8Array {
  const body = Buffer.from(content);
  const name = Buffer.from(`${path}\0`);
  const fields = [1, mode, 0, 0, 1, 0, body.byteLength, 0, 0, 0, 0, name.byteLength, 0];
  const header = magic + fields.map((value) => value.toString(16).toUpperCase().padStart(8, '0')).join('');
  return Buffer.concat([align(Buffer.concat([Buffer.from(header), name])), align(body)]);
}

/** A cpio archive (newc, or with sums by another magic), padded to 512 bytes like those of cpio itself. */
export function cpioArchive(files: readonly CpioFile[], magic = '070701'): Uint8Array {
  const bytes = Buffer.concat([...files, { path: 'TRAILER!!!', mode: 0 }].map((file) => entry(file, magic)));
  return Buffer.concat([bytes, Buffer.alloc(-bytes.byteLength & 511)]);
}
