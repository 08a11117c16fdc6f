import { type Alias, isAlias, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import type { Entry, List, Nothing, Section, Text, Value } from './yaml-value.ts';
import { shown } from './yaml-value.ts';

/** Tells that the text is wrong at an offset. */
export type Fail = (code: 'IMAGE_YAML_NOT_YAML' | 'IMAGE_YAML_TOO_COMPLEX', at: number, reason: string) => never;

type Node = ParsedNode | null;

const str = 'tag:yaml.org,2002:str';
const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => str.replace('str', name)),
);

/**
 * Turns parsed YAML into values, as the decoder of Azure Linux Image Customizer reads it (yaml.v3): scalars are the
 * text that stands there, a key is there once, `<<` takes over keys that are not there, aliases are written out.
 */
export class TreeBuilder {
  readonly #fail: Fail;
  readonly #mostBytes: number;
  /** Complete values by their anchors; undefined while one is being read. */
  readonly #anchors = new Map<string, Value | undefined>();

  constructor(mostBytes: number, fail: Fail) {
    this.#mostBytes = mostBytes;
    this.#fail = fail;
  }

  build(node: Node, emptyAt: number): Value {
    if (node === null) return { kind: 'nothing', at: emptyAt, size: 1 };
    if (isAlias(node)) return this.#follow(node);
    const at = node.range[0];
    if (node.tag !== undefined && node.tag !== '!' && !plainTags.has(node.tag)) {
      this.#fail(
        'IMAGE_YAML_NOT_YAML',
        at,
        `the tag ${shown(node.tag.replace('tag:yaml.org,2002:', '!!'))} means nothing here; leave it out`,
      );
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, undefined);
    const value = isScalar(node)
      ? this.#scalar(node, at)
      : isSeq(node)
        ? this.#list(node.items, at)
        : this.#section(node, at);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, value);
    return value;
  }

  #follow(alias: Alias.Parsed): Value {
    const at = alias.range[0];
    const value = this.#anchors.get(alias.source);
    if (value !== undefined) return { ...value, at };
    const reason = this.#anchors.has(alias.source)
      ? 'is inside of what it repeats'
      : 'repeats an anchor that is not there';
    return this.#fail('IMAGE_YAML_NOT_YAML', at, `${shown(`*${alias.source}`)} ${reason}`);
  }

  #scalar(node: Scalar, at: number): Text | Nothing {
    const text = node.source ?? '';
    const isNothing = node.type === 'PLAIN' && node.tag !== str && /^(~|null|Null|NULL|)$/.test(text);
    if (isNothing) return { kind: 'nothing', at, size: 1 };
    if (!text.isWellFormed()) this.#fail('IMAGE_YAML_NOT_YAML', at, 'half of a character (a lone surrogate)');
    return { kind: 'text', at, size: 1 + text.length, text };
  }

  #grown(size: number, by: number, at: number): number {
    if (size + by > this.#mostBytes) {
      const reason = `written out, it is larger than ${this.#mostBytes} bytes`;
      this.#fail('IMAGE_YAML_TOO_COMPLEX', at, reason);
    }
    return size + by;
  }

  #list(nodes: readonly Node[], at: number): List {
    let size = 1;
    const items = nodes.map((node) => {
      const item = this.build(node, at);
      size = this.#grown(size, item.size, item.at);
      return item;
    });
    return { kind: 'list', at, size, items };
  }

  #section(node: YAMLMap.Parsed, at: number): Section {
    const own = new Map<string, Entry>();
    const merged: Value[] = [];
    let size = 1;
    for (const { key, value: node_ } of node.items) {
      if (!isScalar(key)) this.#fail('IMAGE_YAML_NOT_YAML', key?.range?.[0] ?? at, 'a key must be a word');
      const keyAt = key.range[0];
      const name = this.#scalar(key, keyAt);
      const value = this.build(node_, keyAt);
      size = this.#grown(size, value.size + name.size, keyAt);
      const text = name.kind === 'text' ? name.text : (key.source ?? '');
      if (text === '<<' && key.type === 'PLAIN') merged.push(value);
      else if (own.has(text)) this.#fail('IMAGE_YAML_NOT_YAML', keyAt, `the key ${shown(text)} is there twice`);
      else own.set(text, { at: keyAt, value });
    }
    for (const value of merged) this.#merge(own, value);
    return { kind: 'section', at, size, entries: own };
  }

  /** `<<: *other` or `<<: [*one, *other]`: what is there already stays. */
  #merge(into: Map<string, Entry>, value: Value): void {
    for (const source of value.kind === 'list' ? value.items : [value]) {
      if (source.kind !== 'section') this.#fail('IMAGE_YAML_NOT_YAML', source.at, '"<<" takes sections only');
      for (const [name, entry] of source.entries) if (!into.has(name)) into.set(name, entry);
    }
  }
}
