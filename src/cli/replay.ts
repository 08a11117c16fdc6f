import { Command, InvalidArgumentError, Option } from 'commander';
import { parseIpv4 } from '../wire/addresses.ts';
import { macFlag } from './capture.ts';
import type { ReplayFlags } from './run-replay.ts';
import { withConfig } from './which-root.ts';

/** `10.0.0.1/24` */
function standpoint(text: string): { address: string; prefixBits: number } {
  const [address = '', bits = '24', ...rest] = text.split('/');
  const prefixBits = /^\d{1,2}$/.test(bits) ? Number(bits) : 0;
  if (parseIpv4(address) !== undefined && prefixBits >= 8 && prefixBits <= 30 && rest.length === 0) {
    return { address, prefixBits };
  }
  throw new InvalidArgumentError('It must be an address and the length of its prefix, such as 10.0.0.1/24.');
}

function range(text: string): { first: string; last: string } {
  const [first = '', last = '', ...rest] = text.split('-');
  if (parseIpv4(first) !== undefined && parseIpv4(last) !== undefined && rest.length === 0) return { first, last };
  throw new InvalidArgumentError('It must be two addresses, such as 10.0.0.100-10.0.0.200.');
}

/** `bootwright replay`: what this server would have answered to the requests of a capture, and why. */
export function replayCommand(): Command {
  return withConfig(new Command('replay'))
    .description('Show what would be answered to every request of a capture, and why, beside what was answered then.')
    .argument('<file>', 'a capture: pcapng or pcap, of "bootwright capture", tcpdump or Wireshark')
    .option('--machine <mac>', 'only this machine', macFlag)
    .option(
      '--root <dir>',
      'folder of the releases to boot (default: the recorded release, or a made-up one, for UEFI x64)',
    )
    .option(
      '--server-address <address/bits>',
      'our address (default: that of the server that was recorded)',
      standpoint,
    )
    .option(
      '--range <first-last>',
      'addresses to give (default: the whole network, to each machine what it had)',
      range,
    )
    .addOption(
      new Option('--mode <mode>', 'what to be (default: proxy where one was recorded, else server)').choices([
        'server',
        'proxy',
      ]),
    )
    .option('--strict', 'an answer that differs from the recorded one fails')
    .option('--json', 'print one JSON object a line', false)
    .addHelpText(
      'after',
      '\nIt sends nothing and changes nothing. With --config (it has to be named), networks, modes and releases are' +
        '\nthose of a server with these settings; --server-address, --range and --mode are for a replay without.' +
        '\nExit status: 0 it was replayed, 6 an answer differs (with --strict), 2 wrong use.',
    )
    .action(async (file: string, flags: ReplayFlags) => {
      const { runReplay } = await import('./run-replay.ts');
      process.exitCode = await runReplay(file, flags);
    });
}
