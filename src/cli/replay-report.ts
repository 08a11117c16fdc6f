import type { Given } from '../capture/given.ts';
import type { Replayed } from '../capture/replay.ts';
import { formatBytes, onOneLine } from '../format.ts';
import { packetTime } from './packet-time.ts';

interface ReplayPrinter {
  print(replayed: Replayed): void;
  /** The file ends inside of a packet. */
  cut(path: string): void;
  /** True where nothing differs. */
  end(): boolean;
}

export function replayPrinter(json: boolean): ReplayPrinter {
  let messages = 0;
  let compared = 0;
  let different = 0;
  return {
    print(replayed) {
      if (replayed.kind === 'message') {
        messages += 1;
        if (replayed.recorded.length > 0) compared += 1;
        if (replayed.differences.length > 0) different += 1;
      }
      if (json) {
        const { timeNs, ...rest } = replayed;
        console.log(JSON.stringify({ time: packetTime(timeNs).iso, ...rest }));
      } else for (const line of linesOf(replayed)) console.log(onOneLine(line));
    },
    cut: (path) =>
      console.error(`${path} ends inside of a packet: its recorder was killed, or it was not copied whole`),
    end() {
      const same = compared - different;
      console.error(`${messages} requests; of ${compared} with a recorded answer, ${same} would get the same`);
      return different === 0;
    },
  };
}

function linesOf(replayed: Replayed): string[] {
  const head = `${packetTime(replayed.timeNs).clock}  ${replayed.machine.padEnd(17)}  `;
  if (replayed.kind === 'file') {
    const { protocol, path, found } = replayed;
    return [`${head}${protocol.toUpperCase()} ${path}${found === undefined ? '' : ` → ${tellFound(found)}`}`];
  }
  const { asked, now, recorded, differences, reasons } = replayed;
  const row = (title: string, text: string) => `              ${title.padEnd(10)}${text}`;
  return [
    head + asked,
    ...recorded.map((given) => row('recorded', tellGiven(given))),
    row('now', now === undefined ? 'no answer' : tellGiven(now)),
    ...differences.map((text) => row('differs', text)),
    ...reasons.map((text) => row('because', text)),
  ];
}

function tellFound(found: NonNullable<Extract<Replayed, { kind: 'file' }>['found']>): string {
  if (found === 'nothing') return 'not there';
  const where = found.releaseId === undefined ? found.path : `releases/${found.releaseId}/${found.path}`;
  return `${where} (${formatBytes(found.sizeBytes)})`;
}

function tellGiven({ type, server, address, bootFile, shape, message }: Given): string {
  const what = `${type.toUpperCase()}${address === undefined ? '' : ` ${address}`} from ${server}`;
  if (message !== undefined) return `${what}: ${message}`;
  if (shape === undefined) return `${what}, nothing to boot`;
  return `${what}, ${bootFile === '' ? 'no boot file named' : `boots ${bootFile}`} (${shape})`;
}
