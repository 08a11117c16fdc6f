import { CST, Lexer } from 'yaml';

/** Something wrong, and where in the text. */
export interface Fault {
  readonly at: number;
  readonly reason: string;
}

const mostTokens = 100_000;
const deepest = 40;
const tooDeep = `more than ${deepest} lists and sections inside one another`;

/**
 * What would cost the parser more than a configuration is worth. It must be found before the parser runs: that one
 * calls itself for each level, and where its stack ends inside a regular expression, the whole process ends with it.
 */
export function findExcess(text: string): Fault | undefined {
  let at = 0;
  let tokens = 0;
  let depth = 0;
  let properties = 0;
  let inScalar = false;
  for (const source of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > mostTokens) return { at, reason: `more than ${mostTokens} words and signs` };
    const type: CST.TokenType | null = inScalar ? null : CST.tokenType(source);
    inScalar = type === 'scalar';
    // The lexer's own signs, which stand in no text.
    if (inScalar || type === 'doc-mode' || type === 'flow-error-end') continue;
    if (type === 'flow-map-start' || type === 'flow-seq-start') depth += 1;
    if (type === 'flow-map-end' || type === 'flow-seq-end') depth = Math.max(depth - 1, 0);
    if (depth > deepest) return { at, reason: tooDeep };
    if (type === 'anchor' || type === 'tag') properties += 1;
    else if (type !== 'space' && type !== 'newline' && type !== 'comment') properties = 0;
    if (properties > 4) return { at, reason: 'more than four anchors and tags in a row' };
    at += source.length;
  }
  return undefined;
}

/** As `findExcess`, for what only shows once the text is divided into lists and sections. */
export function findDepth(token: CST.Token): Fault | undefined {
  const open: [token: CST.Token, depth: number][] = [[token, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [inner, depth] = next;
    if (depth > deepest) return { at: inner.offset, reason: tooDeep };
    if (inner.type === 'document') {
      if (inner.value !== undefined) open.push([inner.value, depth]);
    } else if ('items' in inner) {
      for (const { key, value } of inner.items) {
        if (key) open.push([key, depth + 1]);
        if (value) open.push([value, depth + 1]);
      }
    }
  }
  return undefined;
}
