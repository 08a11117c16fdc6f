/** What a ustar header can hold of a name. */
const fieldBytes = 100;
const blockBytes = 512;

/** A header as GNU tar puts it in front of a member whose name, or link target, is the content of the block after it. */
function longHeader(type: 'L' | 'K', sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write('././@LongLink', 0);
  header.write('0000644\0' + '0000000\0' + '0000000\0', 100);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        ${type}`, 124);
  header.write('ustar  \0', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function longName(type: 'L' | 'K', name: string): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  const padding = Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes);
  return Buffer.concat([longHeader(type, bytes.length), bytes, padding]);
}

function fits(name: string): boolean {
  return Buffer.byteLength(name) === name.length && name.length <= fieldBytes;
}

/**
 * What stands in front of a member whose names don't fit into its header. tar-stream says them in a pax header, as POSIX
 * wants it, which busybox passes over: it would unpack a file "PaxHeader". So they are said in GNU's way as well.
 */
export function longNames(name: string, target?: string): Buffer {
  if (fits(name) && (target === undefined || fits(target))) return Buffer.alloc(0);
  return Buffer.concat([longName('L', name), ...(target === undefined ? [] : [longName('K', target)])]);
}
