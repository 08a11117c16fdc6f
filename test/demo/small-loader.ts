const machineX64 = 0x8664;
const efiApplication = 10;
const headersBytes = 0x400;
const optionalHeaderBytes = 240;

/**
 * The smallest EFI program for x86-64 that says what it is and does nothing: headers and one section (Microsoft's PE
 * format, "PE32+").
 *
 * @param sectionName at most eight characters
 */
function efiProgram(sectionName: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(headersBytes + content.byteLength);
  bytes.write('MZ', 0, 'latin1');
  bytes.writeUInt32LE(0x40, 0x3c);
  bytes.write('PE\0\0', 0x40, 'latin1');
  bytes.writeUInt16LE(machineX64, 0x44);
  bytes.writeUInt16LE(1, 0x46);
  bytes.writeUInt16LE(optionalHeaderBytes, 0x54);
  const optionalHeader = 0x58;
  bytes.writeUInt16LE(0x20b, optionalHeader);
  bytes.writeUInt16LE(efiApplication, optionalHeader + 68);
  bytes.writeUInt32LE(16, optionalHeader + 108);
  const section = optionalHeader + optionalHeaderBytes;
  bytes.write(sectionName, section, 8, 'latin1');
  bytes.writeUInt32LE(content.byteLength, section + 8);
  bytes.writeUInt32LE(0x1000, section + 12);
  bytes.writeUInt32LE(content.byteLength, section + 16);
  bytes.writeUInt32LE(headersBytes, section + 20);
  bytes.set(content, headersBytes);
  return bytes;
}

/** What looks like shim: it has the list of components by which firmware revokes. */
export function smallShim(): Uint8Array {
  return efiProgram(
    '.sbat',
    Buffer.from('sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim\nshim,4,Demo,shim,1,none\n'),
  );
}

/** What looks like GRUB: modules there are none, but a prefix (include/grub/kernel.h: a header, then objects). */
export function smallGrub(prefix: string): Uint8Array {
  const text = Buffer.from(`${prefix}\0`);
  const prefixObject = 3;
  const header = Buffer.alloc(24 + 8);
  header.write('mimg', 0, 'latin1');
  header.writeBigUInt64LE(24n, 8);
  header.writeBigUInt64LE(BigInt(header.byteLength + text.byteLength), 16);
  header.writeUInt32LE(prefixObject, 24);
  header.writeUInt32LE(8 + text.byteLength, 28);
  return efiProgram('mods', Buffer.concat([header, text]));
}
