import { styleText } from 'node:util';
import { formatBytes, formatDuration } from '../format.ts';
import type { Row } from '../probe/timeline.ts';
import type { Walked } from '../probe/walk.ts';
import { printJson } from './print.ts';

/** The machine that the probe is. */
interface Who {
  readonly interface: string;
  readonly hostAddress: string;
  readonly mac: string;
  readonly architecture: string;
}

/** Rows are printed as they are done, so their widths are fixed; what may be long stands last. */
const widths = { at: 9, took: 9, size: 11, step: 8 };

function columns(at: string, took: string, size: string, step: string, what: string): string {
  const right = at.padStart(widths.at) + took.padStart(widths.took) + size.padStart(widths.size);
  return `${right}  ${step.padEnd(widths.step)}  ${what}`.trimEnd();
}

export function printHeading({ interface: name, hostAddress, mac, architecture }: Who): void {
  console.log(`Walking the boot of ${mac} (${architecture}) on ${name} (${hostAddress})\n`);
  console.log(columns('AT', 'TOOK', 'SIZE', 'STEP', 'WHAT'));
}

export function printRow({ startedMs, durationMs, bytes, step, ok, what, detail }: Row): void {
  const size = bytes === undefined ? '' : formatBytes(bytes);
  const text = ok
    ? [what, detail].filter((part) => part !== undefined).join('; ')
    : `${styleText('red', 'FAILED')}  ${what}`;
  console.log(columns(`${(startedMs / 1000).toFixed(3)} s`, formatDuration(durationMs), size, step, text));
}

export function printVerdict({ error, checkedFiles, releaseId, durationMs }: Walked): void {
  if (error !== undefined) {
    console.log(
      `\n${styleText('red', 'A machine would NOT boot:')} ${error.message}.\n  ${error.remedy}\n  (${error.code})`,
    );
    return;
  }
  const compared = `${checkedFiles} ${checkedFiles === 1 ? 'file is' : 'files are'} as its manifest says`;
  const release = releaseId === undefined ? 'nothing could be compared with a manifest' : `${releaseId}, ${compared}`;
  console.log(`\n${styleText('green', 'A machine would boot:')} ${release} (${formatDuration(durationMs)}).`);
}

export function printJsonReport(who: Who, { error, timeline, ...walked }: Walked): void {
  const found = error && { code: error.code, message: error.message, remedy: error.remedy, data: error.data };
  printJson({ boots: error === undefined, ...who, ...walked, ...(found && { error: found }), timeline });
}
