import { Command } from 'commander';
import type { Control } from '../control/control.ts';
import { isCurrent, type LeaseEntry, type ReservationMade } from '../control/entries.ts';
import { withControl } from './lease-control.ts';
import { describeConfigured, describeHidden, describeHolder, describeMoment, leaseRows } from './lease-words.ts';
import { printJson, printTable } from './print.ts';
import { type RootFlags, withRoot } from './which-root.ts';

interface Flags extends RootFlags {
  readonly json?: boolean;
}

/** Flags that stand before the name of the subcommand count, too. */
function flagsOf(command: Command): Flags & { readonly all?: boolean; readonly name?: string } {
  return command.optsWithGlobals();
}

function subcommand(name: string, description: string): Command {
  return withRoot(new Command(name)).description(description).option('--json', 'print JSON');
}

/** `bootwright leases`: who has which address, and which machine always gets the same. */
export function leasesCommand(): Command {
  return subcommand('leases', 'List the addresses that machines have or that are kept for them.')
    .option('--all', 'also leases that ended')
    .action(async (_options, command: Command) => {
      const flags = flagsOf(command);
      await withControl(flags, (control, isRunning) => list(control, isRunning, flags));
    })
    .addCommand(reserveCommand())
    .addCommand(unreserveCommand())
    .addCommand(releaseCommand());
}

async function list(control: Control, isRunning: boolean, { json, all }: ReturnType<typeof flagsOf>): Promise<void> {
  const leases = await control.leases();
  const shown = all ? leases : leases.filter(isCurrent);
  if (json) {
    printJson({ running: isRunning, leases: shown });
    return;
  }
  if (!isRunning) console.error('No server runs: this is what the last one left.\n');
  const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  if (shown.length > 0) printTable(leaseRows(shown, Date.now(), columns));
  else console.log('No machine has an address, and none is reserved.');
  const notes = [describeConfigured(shown), all ? undefined : describeHidden(leases)].filter(
    (note) => note !== undefined,
  );
  if (notes.length > 0) console.log(`\n${notes.join('\n')}`);
}

function reserveCommand(): Command {
  return subcommand('reserve', 'Keep an address for one machine, from its next request on.')
    .argument('<machine>', 'its MAC address, its UUID, or id: and its client identifier')
    .argument('<address>', 'of a network in which the server gives addresses, in a range or outside')
    .option('--name <host>', 'the host name that the machine is told')
    .action(async (machine: string, address: string, _options, command: Command) => {
      const { json, name, ...flags } = flagsOf(command);
      const wish = { machine, address, ...(name === undefined ? {} : { hostName: name }) };
      const reserved = await withControl(flags, (control) => control.reserve(wish));
      if (json) printJson(reserved);
      else console.log(describeReserved(reserved));
    });
}

function describeReserved({ reservation: { address, machine, hostName }, holder }: ReservationMade): string {
  const said = `${address} is reserved for ${machine}${hostName === undefined ? '' : ` as ${hostName}`}.`;
  if (holder === undefined) return said;
  return `${said}\n${describeObstacle(holder)}`;
}

function describeObstacle(holder: LeaseEntry): string {
  const until = describeMoment(holder.untilMs ?? 0, Date.now());
  if (holder.state === 'set-aside') {
    return `Somebody uses it who has no lease, so it is tried again ${until}.\n${freeAtOnce(holder)}`;
  }
  return (
    `${describeHolder(holder)} has it now, until it asks for it again or its\n` +
    `lease ends (${until}); the reserved machine gets it after that.\n${freeAtOnce(holder)}`
  );
}

function freeAtOnce({ address }: LeaseEntry): string {
  return `To free it at once: bootwright leases release ${address}`;
}

function unreserveCommand(): Command {
  return subcommand(
    'unreserve',
    'Take back a reservation; a machine that has the address keeps it as an ordinary lease.',
  )
    .argument('<address>', 'as "bootwright leases" shows it')
    .action(async (address: string, _options, command: Command) => {
      const { json, ...flags } = flagsOf(command);
      const reservation = await withControl(flags, (control) => control.unreserve(address));
      if (json) printJson({ reservation });
      else console.log(`${reservation.address} is no longer reserved for ${reservation.machine}.`);
    });
}

function releaseCommand(): Command {
  return subcommand('release', 'Free an address that a machine has. The machine is not told.')
    .argument('<address>', 'as "bootwright leases" shows it')
    .action(async (address: string, _options, command: Command) => {
      const { json, ...flags } = flagsOf(command);
      const lease = await withControl(flags, (control) => control.release(address));
      if (json) printJson({ lease });
      else console.log(describeReleased(lease));
    });
}

function describeReleased(lease: LeaseEntry): string {
  if (lease.state !== 'bound') return `${lease.address} is free.`;
  const until = describeMoment(lease.untilMs ?? 0, Date.now());
  return (
    `${lease.address} is free. ${describeHolder(lease)} had it, and is not told:\n` +
    `it uses the address until its next renewal; its lease would have ended ${until}.`
  );
}
