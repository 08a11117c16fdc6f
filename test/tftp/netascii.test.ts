import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toNetascii } from '../../src/tftp/netascii.ts';

function converted(text: string): string {
  return Buffer.from(toNetascii(Buffer.from(text, 'latin1'))).toString('latin1');
}

describe('text in netascii', () => {
  it.each([
    ['', ''],
    ['set timeout=5\nboot\n', 'set timeout=5\r\nboot\r\n'],
    ['a\rb', 'a\r\0b'],
    ['a\r\nb', 'a\r\0\r\nb'],
    ['\n\n', '\r\n\r\n'],
    ['\0\xff', '\0\xff'],
  ])('%j goes out as %j', (text, netascii) => {
    expect(converted(text)).toBe(netascii);
  });

  it('becomes what it was once a client has turned it back', () => {
    const text = fc.array(fc.constantFrom('\r', '\n', '\0', 'a'), { maxLength: 40 }).map((parts) => parts.join(''));
    const back = (netascii: string) => netascii.replace(/\r([\n\0])/g, (_, second) => (second === '\n' ? '\n' : '\r'));
    fc.assert(
      fc.property(text, (written) => {
        expect(back(converted(written))).toBe(written);
      }),
      { numRuns: 1000, seed: 764 },
    );
  });
});
