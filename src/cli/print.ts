import { BootwrightError } from '../errors.ts';

/** Prints an error for a person on standard error, or as one JSON object on standard output. Gives the exit status. */
export function printError(error: unknown, json: boolean): number {
  if (!(error instanceof BootwrightError)) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    if (name === 'AbortError') {
      if (json) console.log(JSON.stringify({ event: 'failed', error: { code: 'STOPPED', message } }));
      else console.error('bootwright: stopped; nothing was left behind');
      return 130;
    }
    if (json) console.log(JSON.stringify({ event: 'failed', error: { code: 'INTERNAL', message } }));
    else
      console.error(
        `bootwright: ${stack ?? message}\nThis is a fault of Bootwright's; please report it with these lines.`,
      );
    return 1;
  }
  const { code, message, remedy, data, exitStatus } = error;
  if (json) console.log(JSON.stringify({ event: 'failed', error: { code, message, remedy, data } }));
  // What a program said, at the end of a message, may bring its own full stop.
  else console.error(`bootwright: ${message.replace(/\.$/, '')}.\n  ${remedy}\n  (${code})`);
  return exitStatus;
}

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

type Rows = readonly (readonly string[])[];

/** How many characters each column of the first row needs. */
export function columnWidths(rows: Rows): number[] {
  return (rows[0] ?? []).map((_, column) => rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
}

/** Lines up columns of text; the first row is the heading. */
export function printTable(rows: Rows): void {
  const widths = columnWidths(rows);
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
