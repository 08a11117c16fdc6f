import { parentPort, workerData } from 'node:worker_threads';
import SqliteDatabase from 'better-sqlite3';
import type { Write } from './batch.ts';
import type { Outcome, WriterData } from './commit.ts';
import { makeDurable } from './durable.ts';

/**
 * The thread that waits for the disk, so that nothing else does. It gets the writes of one transaction in a message, in
 * the end `null`, and answers each transaction once it is safe or has failed.
 */
const { path, sql } = workerData as WriterData;
const database = new SqliteDatabase(path, { timeout: 5000, fileMustExist: true });
makeDurable(database);
const statements = sql.map((text) => database.prepare<unknown[]>(text));

const transact = database.transaction((writes: readonly Write[]) => {
  for (const [statement, ...values] of writes) statements[statement]?.run(values);
});

parentPort?.on('message', (writes: readonly Write[] | null) => {
  if (writes === null) {
    database.close();
    parentPort?.close();
    return;
  }
  let outcome: Outcome = null;
  try {
    transact.immediate(writes);
  } catch (error) {
    outcome = error instanceof Error ? error.message : String(error);
  }
  parentPort?.postMessage(outcome);
});
