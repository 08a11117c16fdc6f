/** Why text is no list of words, in the words of Azure Linux Image Customizer's first versions. */
const faults = {
  '"': 'invalid double-quoted string: missing closing double-quotes',
  "'": 'invalid single-quoted string: missing closing single-quote',
  '\\': "missing escaped character. '\\' must be followed by a character",
} as const;

export type WordFault = (typeof faults)[keyof typeof faults];

/** The offset of the double quote that closes the one at `start`; -1 where there is none. */
function closingQuote(text: string, start: number, escapes: boolean): number {
  if (!escapes) return text.indexOf('"', start + 1);
  for (let at = start + 1; at < text.length; at += text[at] === '\\' ? 2 : 1) if (text[at] === '"') return at;
  return -1;
}

/**
 * The words of a command line. White space divides them where it is not in quotes; quotes are taken off. With
 * `escapes`, a backslash takes the next character as it is, in double quotes only `$`, `"` and itself: GRUB's rules
 * (its manual, "Quoting").
 */
export function splitWords(text: string, { escapes }: { escapes: boolean }): string[] | WordFault {
  const bare = escapes ? /[^\s"'\\]+/y : /[^\s"']+/y;
  const space = /\s+/y;
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === '"' || char === "'") {
      const end = char === '"' ? closingQuote(text, at, escapes) : text.indexOf("'", at + 1);
      if (end === -1) return faults[char];
      const inside = text.slice(at + 1, end);
      word = (word ?? '') + (escapes && char === '"' ? inside.replace(/\\([$"\\])/g, '$1') : inside);
      at = end + 1;
    } else if (char === '\\' && escapes) {
      if (at + 1 === text.length) return faults['\\'];
      word = (word ?? '') + text[at + 1];
      at += 2;
    } else {
      const piece = /\s/.test(char) ? space : bare;
      piece.lastIndex = at;
      piece.exec(text);
      if (piece === bare) word = (word ?? '') + text.slice(at, piece.lastIndex);
      else if (word !== undefined) words.push(word);
      if (piece === space) word = undefined;
      at = piece.lastIndex;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** A word as `splitWords` reads it back without escapes. */
export function quoteWord(word: string): string {
  if (/^[^\s"']+$/.test(word)) return word;
  return word.replace(/"+|[^"]+/g, (run) => (run.startsWith('"') ? `'${run}'` : `"${run}"`));
}
