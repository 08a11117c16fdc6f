import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Lan } from './lan.ts';

/** DHCP servers that others made. */
export type OtherServer = 'dnsmasq' | 'kea';

/** What `startOtherServer` needs. */
export const otherServerPrograms: Readonly<Record<OtherServer, string>> = { dnsmasq: 'dnsmasq', kea: 'kea-dhcp4' };

/** The addresses that it gives. */
const range = { first: '10.99.0.10', last: '10.99.0.49' };
/** All of them, and no other. */
export const otherAddress = /^10\.99\.0\.[1-4]\d$/;

interface Command {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it says once it serves. */
  readonly ready: RegExp;
}

const commands: Readonly<Record<OtherServer, (lan: Lan, nextServer?: string) => Promise<Command>>> = {
  dnsmasq: async ({ folder, other }, nextServer) => ({
    words: [
      ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--user=root', '--port=0', '--log-facility=-'],
      ...[`--interface=${other.interface}`, '--bind-interfaces', '--no-ping'],
      ...[`--dhcp-range=${range.first},${range.last},10m`, `--dhcp-leasefile=${folder}/other-leases`],
      ...(nextServer === undefined ? [] : [`--dhcp-boot=,,${nextServer}`]),
    ],
    env: {},
    ready: /DHCP, IP range/,
  }),
  kea: async ({ folder, other }, nextServer) => {
    const settings = {
      'interfaces-config': { interfaces: [other.interface] },
      'lease-database': { type: 'memfile', persist: false },
      'valid-lifetime': 600,
      ...(nextServer === undefined ? {} : { 'next-server': nextServer }),
      subnet4: [{ subnet: '10.99.0.0/24', pools: [{ pool: `${range.first} - ${range.last}` }] }],
      loggers: [{ name: 'kea-dhcp4', severity: 'INFO', output_options: [{ output: 'stdout', flush: true }] }],
    };
    const path = join(folder, 'kea.json');
    await writeFile(path, JSON.stringify({ Dhcp4: settings }));
    return {
      words: ['kea-dhcp4', '-c', path],
      // Else it wants folders of the system.
      env: { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder, KEA_DHCP_DATA_DIR: folder },
      ready: /DHCP4_STARTED/,
    };
  },
};

/**
 * A DHCP server on the other computer, which gives addresses and names nothing to boot. It ends with its network.
 * Rejects where it ends at once.
 *
 * @param nextServer what it tells machines as `siaddr`; unless it is given, dnsmasq names itself and Kea nobody
 */
export async function startOtherServer(lan: Lan, which: OtherServer, nextServer?: string): Promise<void> {
  const { words, env, ready } = await commands[which](lan, nextServer);
  const [first = '', ...rest] = [...lan.other.enter, ...words];
  const child = execa(first, rest, { env, stdin: 'ignore', reject: false, buffer: false, all: true });
  await new Promise<void>((resolve, reject) => {
    let last = '';
    const lines = createInterface({ input: child.all });
    lines.on('line', (line) => {
      last = line;
      if (ready.test(line)) resolve();
    });
    lines.on('close', () => reject(new Error(`${which} ended: ${last}`)));
  });
}
