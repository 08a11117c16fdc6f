#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { exit } from '../errors/row.ts';
import { activateCommand } from './activate.ts';
import { buildCommand } from './build.ts';
import { captureCommand } from './capture.ts';
import { healthCommand } from './health.ts';
import { inspectCommand } from './inspect.ts';
import { leasesCommand } from './leases.ts';
import { printError } from './print.ts';
import { probeCommand } from './probe.ts';
import { releasesCommand } from './releases.ts';
import { replayCommand } from './replay.ts';
import { serveCommand } from './serve.ts';

const program = new Command('bootwright')
  .description('Boots machines from the network: DHCP, TFTP and HTTP in one process, and a builder for LiveOS ISOs.')
  .version(packageJson.version)
  .addHelpText('after', '\nExit status: see docs/reference/errors.md. Every error has a code, a reason and a remedy.')
  .addCommand(buildCommand())
  .addCommand(inspectCommand())
  .addCommand(serveCommand())
  .addCommand(releasesCommand())
  .addCommand(activateCommand())
  .addCommand(leasesCommand())
  .addCommand(healthCommand())
  .addCommand(probeCommand())
  .addCommand(captureCommand())
  .addCommand(replayCommand());

for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.exitOverride().showHelpAfterError('(--help shows what there is)');
}

// `bootwright … | head` has read enough: no reason to complain.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exit.usage;
  } else {
    process.exitCode = printError(error, process.argv.includes('--json'));
  }
}
