import { Command, InvalidArgumentError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { onOneLine } from '../format.ts';
import { formatMac, parseMac } from '../wire/addresses.ts';
import { packetTime } from './packet-time.ts';
import { endOnSignals } from './signals.ts';

interface CaptureFlags {
  readonly interface: string;
  readonly machine?: string;
  readonly write?: string;
  readonly seconds?: number;
  readonly httpPort: readonly number[];
  readonly whole?: boolean;
  readonly brief?: boolean;
  readonly promiscuous: boolean;
  readonly json: boolean;
}

const longestSeconds = 7 * 86_400;
/** The kernel's filter names each of them twice. */
const mostHttpPorts = 16;

/** `52:54:00:12:34:56` of any writing. */
export function macFlag(text: string): string {
  const mac = parseMac(text);
  if (mac === undefined) throw new InvalidArgumentError('It must be six bytes, such as 52:54:00:12:34:56.');
  return formatMac(mac);
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= longestSeconds) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${longestSeconds}.`);
}

function ports(text: string): number[] {
  const values = text.split(',').map(Number);
  const areFine = values.every((value) => Number.isInteger(value) && value >= 1 && value <= 65_535);
  if (areFine && values.length <= mostHttpPorts) return values;
  throw new InvalidArgumentError('They must be numbers from 1 to 65535 with commas between them, such as 80,8080.');
}

/** `bootwright capture`: records what machines send and hear while they boot. */
export function captureCommand(): Command {
  return new Command('capture')
    .description('Record what one machine, or every one, sends and hears while it boots, and tell it line by line.')
    .requiredOption('--interface <name>', 'network interface that the machines are on')
    .option('--machine <mac>', 'only this machine', macFlag)
    .option('--write <file>', 'write the packets to this file (pcapng, as Wireshark and "bootwright replay" read it)')
    .option('--seconds <count>', 'end after so long (default: at Ctrl-C)', seconds)
    .option('--http-port <list>', 'ports of HTTP servers, with commas between them', ports, [80, 8080])
    .option('--whole', 'keep the content of files, too; without it, 256 bytes of each such packet')
    .addOption(
      new Option('--brief', 'leave the content of files out: a small file to send to somebody').conflicts('whole'),
    )
    .option('--no-promiscuous', 'leave the network card as it is: hear only what is for this host or for everybody')
    .option('--json', 'print each line as one JSON object', false)
    .addHelpText(
      'after',
      '\nIt sends nothing. It needs root or CAP_NET_RAW. What was written is whole at any moment.' +
        '\ndocs/reference/capture.md says what is recorded, and how to send it to somebody.',
    )
    .action(async (flags: CaptureFlags) => {
      const { startRecorder } = await import('../capture/record.ts');
      const recorder = startRecorder({
        interface: flags.interface,
        ...(flags.machine === undefined ? {} : { machine: flags.machine }),
        ...(flags.write === undefined ? {} : { path: flags.write }),
        content: flags.whole ? 'whole' : flags.brief ? 'none' : 'cut',
        httpPorts: flags.httpPort,
        promiscuous: flags.promiscuous,
        application: `Bootwright ${packageJson.version}`,
        told: ({ machine, text }, timeNs) => console.log(shown(flags.json, timeNs, machine, text)),
        lost: (count) => console.error(`${count} packets came too fast and were lost`),
      });
      console.error(`recording on ${flags.interface}; Ctrl-C ends it`);
      try {
        await Promise.race([recorder.failed, ended(flags.seconds)]);
      } finally {
        const { packets, lost } = recorder.stop();
        const where = flags.write === undefined ? 'told' : `written to ${flags.write}`;
        console.error(`${packets} packets ${where}, ${lost === 0 ? 'none' : lost} lost`);
      }
    });
}

function ended(afterSeconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    endOnSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => resolve());
    // A recorder that failed before does not wait for it.
    if (afterSeconds !== undefined) setTimeout(resolve, afterSeconds * 1000).unref();
  });
}

function shown(json: boolean, timeNs: bigint, machine: string, text: string): string {
  const { iso, clock } = packetTime(timeNs);
  if (json) return JSON.stringify({ time: iso, machine, text });
  return onOneLine(`${clock}  ${machine.padEnd(17)}  ${text}`);
}
