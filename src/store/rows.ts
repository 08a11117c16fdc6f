import type { Kysely } from 'kysely';
import type { Store } from './database.ts';
import type { Tables } from './schema.ts';

/** What a column holds. */
export type Value = string | number | null;

type Columns<Name extends keyof Tables> = readonly (keyof Tables[Name] & string)[];

interface RowColumns {
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly otherColumns: readonly string[];
}

/** How things of one kind are kept: one row each, which takes the place of the earlier one with the same key. */
export interface Rows<Thing, Name extends keyof Tables> extends RowColumns {
  readonly table: Name;
  readonly keyColumns: Columns<Name>;
  readonly otherColumns: Columns<Name>;
  key(thing: Thing): Value[];
  /** `undefined`: the thing is no more, and its row goes. */
  others(thing: Thing): Value[] | undefined;
}

/** The names of columns come in from outside here, so that their types are lost. */
function untyped(store: Store): Kysely<Record<string, Record<string, unknown>>> {
  return store as unknown as Kysely<Record<string, Record<string, unknown>>>;
}

/** The statement that writes one row; its parameters are the values of the key, and then the others. */
export function replaceStatement(store: Store, { table, keyColumns, otherColumns }: RowColumns): string {
  const example = Object.fromEntries([...keyColumns, ...otherColumns].map((column) => [column, column]));
  return untyped(store)
    .insertInto(table)
    .values(example)
    .onConflict((conflict) =>
      conflict
        .columns(keyColumns)
        .doUpdateSet(({ ref }) => Object.fromEntries(otherColumns.map((name) => [name, ref(`excluded.${name}`)]))),
    )
    .compile().sql;
}

/** The statement that removes one row; its parameters are the values of the key. */
export function removeStatement(store: Store, { table, keyColumns }: RowColumns): string {
  const deletion = untyped(store).deleteFrom(table);
  return keyColumns.reduce((query, column) => query.where(column, '=', column), deletion).compile().sql;
}
