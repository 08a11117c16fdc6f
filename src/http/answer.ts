import type { IncomingHttpHeaders } from 'node:http';
import type { BootFile } from '../boot/files.ts';
import type { BodyPart } from './body.ts';
import { contentType } from './content-types.ts';
import { multipartOf } from './multipart.ts';
import { type ByteRange, parseRanges } from './range.ts';

/** The head of an answer, and what of the file follows it. */
export interface Answer {
  readonly status: 200 | 206 | 304 | 412 | 416;
  /** Content-Length comes first: shim 16.0 wants it there. */
  readonly headers: Readonly<Record<string, string | number>>;
  /** Absent: an answer without bytes. */
  readonly body?: { readonly parts: readonly BodyPart[]; readonly sizeBytes: number };
}

/** RFC 9110 §8.8.3.2: tags are compared weakly or strongly, which only matters for those that are marked as weak. */
function matches(header: string, tag: string, comparison: 'weak' | 'strong'): boolean {
  const tags = header.split(',').map((part) => part.trim());
  return tags.includes('*') || tags.includes(tag) || (comparison === 'weak' && tags.includes(`W/${tag}`));
}

/**
 * What a GET or HEAD request for a file gets: its conditions in the order of RFC 9110 §13.2.2, then the range.
 *
 * Files are known by their contents, and have no date here: what has been changed since some day can't be told (§13.1.3,
 * §13.1.4: such conditions are ignored), and a part is for those alone who know the tag of the whole (§13.1.5).
 */
export function answerFor(method: string, headers: IncomingHttpHeaders, file: BootFile): Answer {
  const tag = `"${file.sha256}"`;
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined && !matches(ifMatch, tag, 'strong')) {
    return { status: 412, headers: { 'Content-Length': 0, ETag: tag } };
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, tag, 'weak')) return { status: 304, headers: { ETag: tag } };
  const ifRange = headers['if-range'];
  // Ranges are for GET alone (§14.2).
  const isRanged = method === 'GET' && (ifRange === undefined || ifRange === tag);
  const ranges = isRanged ? parseRanges(headers.range, file.sizeBytes) : undefined;
  if (ranges === 'unsatisfiable') {
    const contentRange = `bytes */${file.sizeBytes}`;
    return { status: 416, headers: { 'Content-Length': 0, 'Content-Range': contentRange, 'Accept-Ranges': 'bytes' } };
  }
  const type = contentType(file.path);
  if (ranges !== undefined && ranges.length > 1) {
    const multipart = multipartOf(ranges, { ...file, contentType: type });
    return { status: 206, headers: headOf(multipart.sizeBytes, multipart.contentType, tag), body: multipart };
  }
  const range: ByteRange = ranges?.[0] ?? { start: 0, end: file.sizeBytes - 1 };
  const sizeBytes = range.end + 1 - range.start;
  const head = headOf(sizeBytes, type, tag);
  const body = { parts: [range], sizeBytes };
  if (ranges === undefined) return { status: 200, headers: head, body };
  const contentRange = `bytes ${range.start}-${range.end}/${file.sizeBytes}`;
  return { status: 206, headers: { ...head, 'Content-Range': contentRange }, body };
}

function headOf(sizeBytes: number, type: string, tag: string) {
  return { 'Content-Length': sizeBytes, 'Content-Type': type, 'Accept-Ranges': 'bytes', ETag: tag };
}
