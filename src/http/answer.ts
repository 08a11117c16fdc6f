import type { IncomingHttpHeaders } from 'node:http';
import type { BootFile } from '../boot/files.ts';
import { contentType } from './content-types.ts';
import { type ByteRange, parseRange } from './range.ts';

/** The head of an answer, and which bytes of the file follow it. */
export interface Answer {
  readonly status: 200 | 206 | 304 | 416;
  /** Content-Length comes first: shim 16.0 wants it there. */
  readonly headers: Readonly<Record<string, string | number>>;
  /** Absent: an answer without bytes. */
  readonly part?: ByteRange;
}

/** RFC 9110 §13.1.2. A tag is the SHA-256 of the file; whether it is marked as weak makes no difference here. */
function matches(header: string | undefined, tag: string): boolean {
  const tags = header?.split(',').map((part) => part.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(tag) || tags.includes('*');
}

/** What a GET or HEAD request for a file gets: entity tag first, then range, as RFC 9110 §13.2.2 orders them. */
export function answerFor(method: string, headers: IncomingHttpHeaders, file: BootFile): Answer {
  const tag = `"${file.sha256}"`;
  if (matches(headers['if-none-match'], tag)) return { status: 304, headers: { ETag: tag } };
  const ifRange = headers['if-range'];
  // Ranges are for GET alone (RFC 9110 §14.2), and for the same file as before (§13.1.5).
  const isRanged = method === 'GET' && (ifRange === undefined || ifRange === tag);
  const range = isRanged ? parseRange(headers.range, file.sizeBytes) : undefined;
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { 'Content-Length': 0, 'Content-Range': `bytes */${file.sizeBytes}` } };
  }
  const part = range ?? { start: 0, end: file.sizeBytes - 1 };
  return {
    status: range === undefined ? 200 : 206,
    part,
    headers: {
      'Content-Length': part.end + 1 - part.start,
      'Content-Type': contentType(file.path),
      'Accept-Ranges': 'bytes',
      ETag: tag,
      ...(range === undefined ? {} : { 'Content-Range': `bytes ${part.start}-${part.end}/${file.sizeBytes}` }),
    },
  };
}
