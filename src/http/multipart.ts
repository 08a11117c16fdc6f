import type { BodyPart } from './body.ts';
import type { ByteRange } from './range.ts';

/** What several ranges of a file are sent as. */
export interface Multipart {
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly parts: readonly BodyPart[];
}

export interface MultipartFile {
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Hexadecimal. The boundary is made of it: no file holds its own hash. */
  readonly sha256: string;
}

/** A body of the type `multipart/byteranges` (RFC 9110 §14.6, RFC 2046 §5.1.1). */
export function multipartOf(ranges: readonly ByteRange[], file: MultipartFile): Multipart {
  const boundary = `bootwright-${file.sha256.slice(0, 32)}`;
  const parts = ranges.flatMap((range, index): BodyPart[] => {
    const lines = [
      `${index === 0 ? '' : '\r\n'}--${boundary}`,
      `Content-Type: ${file.contentType}`,
      `Content-Range: bytes ${range.start}-${range.end}/${file.sizeBytes}`,
    ];
    return [Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), range];
  });
  parts.push(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'));
  const sizes = parts.map((part) => (Buffer.isBuffer(part) ? part.length : part.end + 1 - part.start));
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    parts,
  };
}
