import type { PinnedBoot } from '../boot/ledger.ts';
import type { KnownShape } from '../boot/shapes.ts';
import type { Lease } from '../dhcp/lease.ts';
import type { Lease6 } from '../dhcp6/lease.ts';
import { bootRows } from './boots.ts';
import type { Store } from './database.ts';
import { leaseRows } from './leases.ts';
import { lease6Rows } from './leases6.ts';
import { type Rows, removeStatement, replaceStatement, type Value } from './rows.ts';
import type { Tables } from './schema.ts';
import { shapeRows } from './shapes.ts';

/** What has to be safe together, each thing over the earlier one of its key. */
export interface Batch {
  readonly leases?: readonly Lease[];
  readonly leases6?: readonly Lease6[];
  readonly boots?: readonly PinnedBoot[];
  readonly shapes?: readonly KnownShape[];
}

/** One run of a statement: its number, and its parameters. */
export type Write = readonly [statement: number, ...values: Value[]];

/** The statements of all batches, compiled once: to build them costs more than to run them. */
export interface Statements {
  readonly sql: readonly string[];
  /** In the order in which they are to run. */
  writes(batch: Batch): Write[];
}

export function batchStatements(store: Store): Statements {
  const sql: string[] = [];

  function writer<Thing, Name extends keyof Tables>(rows: Rows<Thing, Name>): (thing: Thing) => Write {
    const replace = sql.push(replaceStatement(store, rows)) - 1;
    const remove = sql.push(removeStatement(store, rows)) - 1;
    return (thing) => {
      const others = rows.others(thing);
      return others === undefined ? [remove, ...rows.key(thing)] : [replace, ...rows.key(thing), ...others];
    };
  }

  const lease = writer(leaseRows);
  const lease6 = writer(lease6Rows);
  const boot = writer(bootRows);
  const shape = writer(shapeRows);
  return {
    sql,
    writes: ({ leases = [], leases6 = [], boots = [], shapes = [] }) => [
      ...leases.map(lease),
      ...leases6.map(lease6),
      ...boots.map(boot),
      ...shapes.map(shape),
    ],
  };
}
