/** A piece of YAML: where it starts in the text, and how large it is when its aliases are written out. */
interface Piece {
  readonly at: number;
  readonly size: number;
}

export interface Nothing extends Piece {
  readonly kind: 'nothing';
}

/** Any scalar but an empty one or `null`: `664`, `true` and `2024-01-01` are the text that stands there. */
export interface Text extends Piece {
  readonly kind: 'text';
  readonly text: string;
}

export interface List extends Piece {
  readonly kind: 'list';
  readonly items: readonly Value[];
}

export interface Section extends Piece {
  readonly kind: 'section';
  readonly entries: ReadonlyMap<string, Entry>;
}

/** A value, and where its key starts. */
export interface Entry {
  readonly at: number;
  readonly value: Value;
}

export type Value = Nothing | Text | List | Section;

/** What somebody finds there, to continue "is" with. */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'nothing':
      return 'empty';
    case 'text':
      return `the text ${shown(value.text)}`;
    case 'list':
      return 'a list';
    case 'section':
      return 'a section with keys of its own';
  }
}

/** Text for a message: in quotes, and cut where it is long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
