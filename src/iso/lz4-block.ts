import { BootwrightError } from '../errors.ts';

/**
 * Decompresses one LZ4 block behind what `output` already holds: bytes before `start` are history that matches may
 * reach back to. Returns the end of what was written. Throws INITRD_DAMAGED where the block does not keep to its
 * bounds. https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
export function decompressLz4Block(block: Uint8Array, output: Uint8Array, start: number, offsetBytes: number): number {
  let from = 0;
  let to = start;

  function length(nibble: number): number {
    let total = nibble;
    if (nibble < 15) return total;
    for (;;) {
      if (from >= block.length) throw damaged(offsetBytes);
      const byte = block[from++] ?? 0;
      total += byte;
      if (byte < 255) return total;
    }
  }

  while (from < block.length) {
    const token = block[from++] ?? 0;
    const literals = length(token >> 4);
    if (literals > block.length - from || literals > output.length - to) throw damaged(offsetBytes);
    output.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence is literals alone.
    if (from === block.length) return to;
    if (block.length - from < 2) throw damaged(offsetBytes);
    const distance = (block[from] ?? 0) | ((block[from + 1] ?? 0) << 8);
    from += 2;
    const matched = length(token & 15) + 4;
    if (distance === 0 || distance > to || matched > output.length - to) throw damaged(offsetBytes);
    copyMatch(output, to, distance, matched);
    to += matched;
  }
  return to;
}

/** A match may overlap what it writes: then its first bytes repeat. */
function copyMatch(output: Uint8Array, to: number, distance: number, count: number): void {
  let done = 0;
  while (done < count) {
    const step = Math.min(count - done, distance + done);
    output.copyWithin(to + done, to - distance, to - distance + step);
    done += step;
  }
}

function damaged(offsetBytes: number): BootwrightError {
  return new BootwrightError('INITRD_DAMAGED', { what: 'an LZ4 block that does not keep to its bounds', offsetBytes });
}
