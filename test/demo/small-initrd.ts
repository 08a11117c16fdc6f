import { gzipSync } from 'node:zlib';

/** One file of a cpio archive in the format "newc". Documentation/driver-api/early-userspace/buffer-format.rst */
function cpioFile(path: string, content: Uint8Array, mode = 0o100644): Uint8Array {
  const name = Buffer.from(`${path}\0`);
  const numbers = [0, mode, 0, 0, 1, 0, content.byteLength, 0, 0, 0, 0, name.byteLength, 0];
  const header = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padTo4(Buffer.concat([header, name])), padTo4(content)]);
}

function padTo4(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.byteLength % 4)) % 4)]);
}

/** What looks like an initrd of dracut that can fetch and mount a live image. */
export function smallInitrd(): Uint8Array {
  return gzipSync(
    Buffer.concat([
      cpioFile('init', Buffer.from('#!/bin/sh\n'), 0o100755),
      cpioFile('usr/lib/dracut/modules.txt', Buffer.from('base\nnetwork\ndmsquash-live\nlivenet\n')),
      cpioFile('usr/sbin/livenetroot', Buffer.from('#!/bin/sh\n'), 0o100755),
      cpioFile('usr/sbin/dmsquash-live-root', Buffer.from('#!/bin/sh\n'), 0o100755),
      cpioFile('TRAILER!!!', new Uint8Array(0)),
    ]),
  );
}
