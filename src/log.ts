import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { describe } from './boot/describe.ts';
import type { BootEvent, Report } from './boot/timeline.ts';
import type { Settings } from './config/settings.ts';
import { BootwrightError } from './errors.ts';
import { formatBytes, formatDuration } from './format.ts';
import { LineBound } from './log-bound.ts';
import { linesToOutput } from './log-lines.ts';
import type { Clock } from './platform/clock.ts';
import type { ImageEvent } from './release/watch.ts';

/** Lines for people on a terminal, one JSON object a line elsewhere, unless the settings say which. */
export function createLog({ format, level }: Settings['log']): Logger {
  const forPeople = format === 'pretty' || (format === 'auto' && process.stdout.isTTY === true);
  const destination = forPeople
    ? pretty({
        colorize: process.stdout.isTTY === true,
        hideObject: true,
        // Else the last lines may come in another order, or not at all.
        sync: true,
        translateTime: 'SYS:HH:MM:ss',
        ignore: 'pid,hostname',
      })
    : linesToOutput();
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** Steps of boots as lines. */
export interface BootLog {
  readonly report: Report;
  /** Writes how many lines were left out lately. */
  close(): void;
}

/**
 * Every step of a boot as a line, with the machine's name where its address is known. Of a flood of one kind, only the
 * beginning is written, then some in each second, and every ten seconds how many there were besides.
 */
export function bootLog(log: Logger, clock: Clock, machineAt: (address: string) => string | undefined): BootLog {
  const describeNamed = (event: BootEvent) =>
    describe(event, 'address' in event ? machineAt(event.address) : undefined);
  const bound = new LineBound({
    clock,
    tell(leftOut, event) {
      const { level, text } = describeNamed(event);
      log[level]({ step: 'left-out', leftOut }, `${leftOut} more lines as this one were left out: ${text}`);
    },
  });
  return {
    report(event) {
      const { level, text } = describeNamed(event);
      if (log.isLevelEnabled(level) && bound.admits(event, level)) log[level](event, text);
    },
    close: () => bound.close(),
  };
}

/** An error as fields and as the line that a person reads. */
function logError(log: Logger, error: unknown, prefix = ''): void {
  if (error instanceof BootwrightError) {
    log.error(
      { code: error.code, data: error.data, remedy: error.remedy },
      `${prefix}${error.message}. ${error.remedy}`,
    );
  } else {
    log.error({ err: error }, `${prefix}${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What happens to an ISO, as lines; its progress at most every ten percent. */
export function imageReportTo(log: Logger): (event: ImageEvent) => void {
  let lastTenth = -1;
  return (event) => {
    switch (event.step) {
      case 'building':
        lastTenth = -1;
        log.info(event, `building ${event.image} (${formatBytes(event.sizeBytes)})`);
        break;
      case 'progress': {
        const tenth = event.totalBytes === 0 ? 0 : Math.floor((event.doneBytes / event.totalBytes) * 10);
        if (tenth === lastTenth) break;
        lastTenth = tenth;
        log.debug(event, `building ${event.image}: ${tenth * 10} %`);
        break;
      }
      case 'doubtful': {
        const { code, problem, remedy } = event.finding;
        log.warn({ code, image: event.image }, `${event.image}: ${problem}. ${remedy}`);
        break;
      }
      case 'ignored':
        log.warn(event, `${event.image}: the setting "${event.key}" beside it is not acted upon`);
        break;
      case 'published': {
        const active = event.activated
          ? 'it is active'
          : `not active yet: "bootwright activate ${event.releaseId}" makes it so`;
        log.info(
          event,
          `published ${event.releaseId} from ${event.image} in ${formatDuration(event.durationMs)}; ${active}`,
        );
        break;
      }
      case 'unusable':
        logError(log, event.error, `${event.image} cannot be used: `);
        break;
    }
  };
}
