import { Command, InvalidArgumentError, Option } from 'commander';
import type { ProbeFlags } from './run-probe.ts';

const portLimit = 65_535;

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function macAddress(text: string): string {
  if (!/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(text)) {
    throw new InvalidArgumentError('It must be six bytes, such as 52:54:00:12:34:56.');
  }
  return text.toLowerCase().replaceAll('-', ':');
}

/** `bootwright probe`: walks the road of one boot and says whether a machine would get to its end. */
export function probeCommand(): Command {
  return new Command('probe')
    .description('Walk the road of one boot as a machine does, and check every byte of it against the manifest.')
    .option('--interface <name>', 'network interface that the machines are on')
    .option(
      '--mac <mac>',
      'ask as the machine with this address (default: one made from that of the interface)',
      macAddress,
    )
    .addOption(new Option('--arch <arch>', 'what machine to be').choices(['efi-x64', 'efi-arm64']).default('efi-x64'))
    .option(
      '--dhcp-port <port>',
      'DHCP port of the server; we listen on the next one',
      wholeNumber(1, portLimit - 1),
      67,
    )
    .option('--tftp-port <port>', 'TFTP port of the server', wholeNumber(1, portLimit), 69)
    .option('--timeout <seconds>', 'give up after', wholeNumber(1, 86_400), 300)
    .option('--quick', 'read only the two ends of the live image')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nFiles are fetched from the address that this host has, not from the one that it is given by DHCP.' +
        '\nIt boots nothing, changes nothing, and gives the address back at the end.' +
        '\nExit status: 0 a machine would boot, 6 it would not, 5 this host cannot tell, 2 wrong use.',
    )
    .action(async (flags: ProbeFlags) => {
      const { runProbe } = await import('./run-probe.ts');
      const walked = await runProbe(flags);
      process.exitCode = walked.error?.exitStatus ?? 0;
    });
}
