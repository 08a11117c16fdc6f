import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { BootwrightError } from '../errors.ts';

/** A tree of settings, not yet checked. */
export type Loose = { [key: string]: unknown };

interface SettingsFile {
  readonly settings: Loose;
  /** The line of a key such as `dhcp.range`, or of the nearest key above it that is there; from 1. */
  lineOf(key: string): number;
}

interface Fault {
  readonly offset: number;
  readonly reason: string;
}

/** What YAML allows, but settings have no use for; reading it would end in surprises. */
function findOddity(document: Document): Fault | undefined {
  let fault: Fault | undefined;
  visit(document, {
    Alias(_, alias) {
      fault = { offset: alias.range?.[0] ?? 0, reason: `"*${alias.source}" repeats another value; write it out` };
      return visit.BREAK;
    },
    Pair(_, { key }) {
      if (isScalar(key)) return;
      fault = { offset: (isNode(key) ? key.range?.[0] : undefined) ?? 0, reason: 'a key must be a word' };
      return visit.BREAK;
    },
  });
  return fault;
}

function findFault(document: Document): Fault | undefined {
  const [error] = [...document.errors, ...document.warnings];
  if (error === undefined) return findOddity(document);
  const reason = (error.message.split('\n')[0] as string).replace(/ at line \d+, column \d+:?$/, '');
  return { offset: error.pos[0], reason };
}

/** Reads a YAML file of settings. Throws CONFIG_NOT_YAML with the line. */
export function readSettingsFile(path: string, text: string): SettingsFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const root = document.contents;
  const fault =
    findFault(document) ?? (root !== null && !isMap(root) ? { offset: 0, reason: 'it holds no keys' } : undefined);
  if (fault !== undefined) {
    const { line } = lines.linePos(fault.offset);
    throw new BootwrightError('CONFIG_NOT_YAML', { path, line, reason: fault.reason });
  }
  return {
    settings: (document.toJS() ?? {}) as Loose,
    lineOf(key) {
      let line = 1;
      let place: unknown = root;
      for (const part of key.split('.')) {
        const pair = isMap(place)
          ? place.items.find((item) => isScalar(item.key) && String(item.key.value) === part)
          : undefined;
        const next: unknown = isSeq(place) ? place.items[Number(part)] : pair?.value;
        const named: unknown = pair?.key ?? next;
        if (!isNode(named) || named.range === undefined || named.range === null) break;
        line = lines.linePos(named.range[0]).line;
        place = next;
      }
      return line;
    },
  };
}
