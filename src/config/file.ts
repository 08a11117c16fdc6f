import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { BootwrightError } from '../errors.ts';

/** A tree of settings, not yet checked. */
export type Loose = { [key: string]: unknown };

interface SettingsFile {
  readonly settings: Loose;
  /** The line of a key such as `dhcp.range`, or of the nearest key above it that is there; from 1. */
  lineOf(key: string): number;
}

/** Reads a YAML file of settings. Throws CONFIG_NOT_YAML with the line. */
export function readSettingsFile(path: string, text: string): SettingsFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new BootwrightError('CONFIG_NOT_YAML', {
      path,
      line: lines.linePos(error.pos[0]).line,
      reason: error.message.split('\n')[0] as string,
    });
  }
  const root = document.contents;
  if (root !== null && !isMap(root)) {
    throw new BootwrightError('CONFIG_NOT_YAML', { path, line: 1, reason: 'the file holds no keys' });
  }
  return {
    settings: (document.toJS({ maxAliasCount: 0 }) ?? {}) as Loose,
    lineOf(key) {
      let line = 1;
      let place: unknown = root;
      for (const part of key.split('.')) {
        if (!isMap(place)) break;
        const pair = place.items.find((item) => isScalar(item.key) && String(item.key.value) === part);
        if (pair === undefined) break;
        const start = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
        if (start !== undefined) line = lines.linePos(start).line;
        place = pair.value;
      }
      return line;
    },
  };
}
