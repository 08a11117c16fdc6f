import { BootwrightError } from '../errors.ts';
import { pastContinuation, Word, wordEnd } from './word.ts';

/**
 * A piece of a GRUB script. `blank` is white space and line continuations, `operator` one of `; { } | & < >`.
 * The raw texts of all tokens, one after the other, are the script.
 */
export type Token = Word | { readonly kind: 'blank' | 'comment' | 'newline' | 'operator'; readonly raw: string };

/** Characters. The largest configurations in the wild are a tenth of it. */
const largest = 1024 * 1024;
const operators = new Set(';{}|&<>');

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\r';
}

/** The offset behind the white space and the line continuations at `start`. */
function blankEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    const behind = isBlank(text[at]) ? at + 1 : pastContinuation(text, at);
    if (behind === undefined) return at;
    at = behind;
  }
}

/** The line, counted from 1, of an offset. */
function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/**
 * Cuts a GRUB script into tokens by the rules of GRUB's lexer (grub-core/script/yylex.l): `{` and `}` stand for
 * themselves wherever they are not quoted, and `#` starts a comment only where a word could start. Carriage returns,
 * which GRUB drops, count as white space. What GRUB would refuse (`$` before no name, `&`) is kept as it stands.
 *
 * @throws GRUB_CONFIG_MALFORMED where a quote has no end, and for more than 1 MiB.
 */
export function tokenize(text: string): Token[] {
  if (text.length > largest) {
    throw new BootwrightError('GRUB_CONFIG_MALFORMED', { line: 1, reason: `it is larger than ${largest} bytes` });
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    const behindBlank = blankEnd(text, at);
    if (behindBlank > at) {
      tokens.push({ kind: 'blank', raw: text.slice(at, behindBlank) });
      at = behindBlank;
    } else if (char === '\n') {
      tokens.push({ kind: 'newline', raw: char });
      at += 1;
    } else if (char === '#') {
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline;
      tokens.push({ kind: 'comment', raw: text.slice(at, end) });
      at = end;
    } else if (operators.has(char)) {
      tokens.push({ kind: 'operator', raw: char });
      at += 1;
    } else {
      const end = wordEnd(text, at);
      if (end === undefined) {
        throw new BootwrightError('GRUB_CONFIG_MALFORMED', {
          line: lineOf(text, at),
          reason: 'a quote that starts here has no end',
        });
      }
      tokens.push(new Word(text.slice(at, end), tokens.length));
      at = end;
    }
  }
  return tokens;
}

/** The line, counted from 1, on which a token starts. */
export function lineOfToken(tokens: readonly Token[], index: number): number {
  let line = 1;
  for (const token of tokens.slice(0, index)) line += token.raw.split('\n').length - 1;
  return line;
}
