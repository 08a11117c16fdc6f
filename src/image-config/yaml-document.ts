import { Composer, LineCounter, Parser } from 'yaml';
import { BootwrightError } from '../errors.ts';
import { findDepth, findExcess } from './yaml-limits.ts';
import { TreeBuilder } from './yaml-tree.ts';
import type { Value } from './yaml-value.ts';

export interface YamlDocument {
  readonly root: Value;
  /** `image.yaml, line 3, column 5`, for an offset in the text. */
  place(at: number): string;
}

const limitBytes = 4 * 1024 * 1024;

/** Control characters that YAML 1.2 allows in no text (§5.1). */
const control = /(?![\t\n\r\u0085])\p{Cc}/u;

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const readable = new TextDecoder('utf-8').decode(bytes);
    const before = readable.slice(0, readable.indexOf('\u{fffd}')).split('\n');
    const place = `${where}, line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
    throw new BootwrightError('IMAGE_YAML_NOT_UTF8', { where: place }, { cause });
  }
}

/**
 * Reads one YAML document; `where` is the name of the file, for messages. Nothing in it is expanded beyond 4 MiB.
 *
 * @throws IMAGE_YAML_TOO_LARGE, IMAGE_YAML_NOT_UTF8, IMAGE_YAML_NOT_YAML or IMAGE_YAML_TOO_COMPLEX.
 */
export function readYaml(source: string | Uint8Array, where: string): YamlDocument {
  if (source.length > limitBytes) {
    throw new BootwrightError('IMAGE_YAML_TOO_LARGE', { path: where, sizeBytes: source.length, limitBytes });
  }
  const text = (typeof source === 'string' ? source : decode(source, where)).replace(/^\u{feff}/u, '');
  const lines = new LineCounter();
  const place = (at: number) => {
    const { line, col } = lines.linePos(at);
    return `${where}, line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`;
  };
  const fail = (code: 'IMAGE_YAML_NOT_YAML' | 'IMAGE_YAML_TOO_COMPLEX', at: number, reason: string): never => {
    throw new BootwrightError(code, { where: place(at), reason });
  };
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  const strange = control.exec(text);
  if (strange !== null) fail('IMAGE_YAML_NOT_YAML', strange.index, 'a control character, which YAML does not allow');
  const excess = findExcess(text);
  if (excess !== undefined) fail('IMAGE_YAML_TOO_COMPLEX', excess.at, excess.reason);

  const tokens = [...new Parser().parse(text)];
  for (const token of tokens) {
    if (token.type === 'error') fail('IMAGE_YAML_NOT_YAML', token.offset, firstLine(token.message));
    const depth = findDepth(token);
    if (depth !== undefined) fail('IMAGE_YAML_TOO_COMPLEX', depth.at, depth.reason);
  }
  // Keys are compared here, since the parser compares each with each.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, prettyErrors: false });
  const [document, another] = [...composer.compose(tokens, true, text.length)];
  const [error] = document?.errors ?? [];
  if (error !== undefined) fail('IMAGE_YAML_NOT_YAML', error.pos[0], firstLine(error.message));
  if (another !== undefined) {
    fail('IMAGE_YAML_NOT_YAML', another.range[0], 'a second document begins here; a configuration is one');
  }
  const root = new TreeBuilder(limitBytes, fail).build(document?.contents ?? null, 0);
  return { root, place };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] as string;
}
