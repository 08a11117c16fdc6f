import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Lan } from './lan.ts';

/** What `startRouter6` needs. */
export const router6Programs = ['radvd'] as const;

/**
 * On the other computer, what a network with IPv6 has of its router: advertisements, which say that addresses come by
 * DHCPv6 (M), and that nobody makes one of his own. It ends with its network. Needs a network with IPv6.
 */
export async function startRouter6({ folder, other }: Lan): Promise<void> {
  const settings = join(folder, 'radvd.conf');
  const flags =
    'AdvSendAdvert on; AdvManagedFlag on; AdvOtherConfigFlag on; MinRtrAdvInterval 60; MaxRtrAdvInterval 180;';
  const prefix = 'prefix fd00:99::/64 { AdvOnLink on; AdvAutonomous off; };';
  await writeFile(settings, `interface ${other.interface} { ${flags} AdvDefaultLifetime 0; ${prefix} };\n`);
  const command = ['radvd', '--nodaemon', '--logmethod', 'stderr_clean', '--config', settings];
  const [first = '', ...rest] = [...other.enter, ...command, '--pidfile', join(folder, 'radvd.pid')];
  const child = execa(first, rest, { stdin: 'ignore', reject: false, buffer: false, all: true });
  const lines = createInterface({ input: child.all });
  const [line] = (await once(lines, 'line')) as [string];
  if (!line.includes('started')) throw new Error(`radvd ended: ${line}`);
}
