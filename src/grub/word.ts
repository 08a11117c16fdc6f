/** How a piece of a word is quoted: not at all, `'…'`, `"…"`, or `$"…"` (GRUB looks that one up in its translations). */
type Quote = 'none' | 'single' | 'double' | 'translated';

/** A piece of a word. The raw texts of a word's parts, one after the other, are the word; quotes belong to them. */
export type Part =
  | { readonly kind: 'text'; readonly quote: Quote; readonly raw: string; readonly value: string }
  | { readonly kind: 'variable'; readonly quote: Quote; readonly raw: string; readonly name: string };

const variable = /\$(?:([A-Za-z_]\w*|\d+|[?#*@])|\{([A-Za-z_]\w*|\d+|[?#*@])\})/y;
const endsWord = new Set('{}|&;<> \t\r\n');

/** Skips the lines that GRUB drops before its lexer sees them: those with `#` in the first column, even inside quotes. */
function pastDroppedLines(text: string, lineStart: number): number {
  let at = lineStart;
  while (text[at] === '#') {
    const end = text.indexOf('\n', at);
    if (end === -1) break;
    at = end + 1;
  }
  return at;
}

/** The offset behind a backslash-newline at `at` and the lines dropped after it; undefined if there is none. */
export function pastContinuation(text: string, at: number): number | undefined {
  if (text[at] !== '\\') return undefined;
  const newline = text[at + 1] === '\r' ? at + 2 : at + 1;
  return text[newline] === '\n' ? pastDroppedLines(text, newline + 1) : undefined;
}

/** Reads one word. GRUB's rules: grub-core/script/yylex.l, and execute.c for what becomes of the backslashes. */
class WordReader {
  readonly #text: string;
  readonly #parts: Part[] | undefined;
  #at: number;
  #partStart: number;
  #value = '';

  constructor(text: string, start: number, parts: Part[] | undefined) {
    this.#text = text;
    this.#at = start;
    this.#partStart = start;
    this.#parts = parts;
  }

  /** The offset behind the word, or undefined where a quote has no end. */
  read(): number | undefined {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || endsWord.has(char)) break;
      if (char === "'" || char === '"' || (char === '$' && this.#text[this.#at + 1] === '"')) {
        this.#finishText('none');
        if (!(char === "'" ? this.#single() : this.#double(char === '$' ? 'translated' : 'double'))) return undefined;
      } else if (char === '\\') {
        this.#bareEscape();
      } else if (char !== '$' || !this.#variable('none')) {
        this.#take(char);
      }
    }
    this.#finishText('none');
    return this.#at;
  }

  #take(value: string, length = 1): void {
    this.#at += length;
    if (this.#parts !== undefined) this.#value += value;
  }

  #finishText(quote: Quote): void {
    if (this.#parts !== undefined && this.#at > this.#partStart) {
      this.#parts.push({ kind: 'text', quote, raw: this.#text.slice(this.#partStart, this.#at), value: this.#value });
    }
    this.#partStart = this.#at;
    this.#value = '';
  }

  #variable(quote: Quote): boolean {
    variable.lastIndex = this.#at;
    const found = variable.exec(this.#text);
    if (found === null) return false;
    this.#finishText(quote);
    this.#at = variable.lastIndex;
    this.#parts?.push({ kind: 'variable', quote, raw: found[0], name: found[1] ?? found[2] ?? '' });
    this.#partStart = this.#at;
    return true;
  }

  #bareEscape(): void {
    const behind = pastContinuation(this.#text, this.#at);
    if (behind !== undefined) this.#take('', behind - this.#at);
    else this.#take(this.#text[this.#at + 1] ?? '', Math.min(2, this.#text.length - this.#at));
  }

  /** A newline or a carriage return inside quotes. GRUB drops every carriage return when it reads a line. */
  #lineEnd(char: string): void {
    if (char === '\r') this.#take('');
    else this.#take('\n', pastDroppedLines(this.#text, this.#at + 1) - this.#at);
  }

  #single(): boolean {
    this.#at += 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) return false;
      if (char === "'") break;
      if (char === '\n' || char === '\r') this.#lineEnd(char);
      else this.#take(char);
    }
    this.#at += 1;
    this.#finishText('single');
    return true;
  }

  #double(quote: Quote): boolean {
    this.#at += quote === 'translated' ? 2 : 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) return false;
      if (char === '"') break;
      if (char === '\\') this.#quotedEscape();
      else if (char === '\n' || char === '\r') this.#lineEnd(char);
      else if (char !== '$' || !this.#variable(quote)) this.#take(char);
    }
    this.#at += 1;
    this.#finishText(quote);
    return true;
  }

  /** In double quotes a backslash means itself, but before `$`, `\`, `"` and a newline. */
  #quotedEscape(): void {
    const behind = pastContinuation(this.#text, this.#at);
    const next = this.#text[this.#at + 1];
    if (behind !== undefined) this.#take('', behind - this.#at);
    else if (next === '$' || next === '\\' || next === '"') this.#take(next, 2);
    else this.#take('\\');
  }
}

/** The offset behind the word that starts at `start`, or undefined where a quote in it has no end. */
export function wordEnd(text: string, start: number): number | undefined {
  return new WordReader(text, start, undefined).read();
}

/** One word of a GRUB script, as it stands there. */
export class Word {
  readonly kind = 'word';
  readonly raw: string;
  /** Its place in the list of tokens. */
  readonly index: number;
  #parts: readonly Part[] | undefined;

  constructor(raw: string, index: number) {
    this.raw = raw;
    this.index = index;
  }

  get parts(): readonly Part[] {
    if (this.#parts === undefined) {
      const parts: Part[] = [];
      new WordReader(this.raw, 0, parts).read();
      this.#parts = parts;
    }
    return this.#parts;
  }

  /** What GRUB makes of it, or undefined where that depends on a variable. */
  get value(): string | undefined {
    return this.parts.some((part) => part.kind === 'variable') ? undefined : this.text;
  }

  /** What GRUB makes of it, variables left as they are written. */
  get text(): string {
    return this.parts.map((part) => (part.kind === 'text' ? part.value : part.raw)).join('');
  }
}
