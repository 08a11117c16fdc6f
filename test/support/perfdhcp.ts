import type { Netns } from './netns.ts';

/** What became of the exchanges that perfdhcp began. */
export interface Load {
  /** DISCOVERs that were sent, repeated ones included. */
  readonly begun: number;
  /** Exchanges that ended with an ACK. */
  readonly complete: number;
  /** What clients were acknowledged, by their MAC addresses. */
  readonly leases: ReadonlyMap<string, string>;
  /** Addresses that two clients were acknowledged. */
  readonly doubled: readonly string[];
  /** Of an avalanche. */
  readonly tookMs: number;
}

/** perfdhcp plays a relay at one of its addresses. */
export interface Through {
  readonly server: string;
  readonly relay: string;
  /** How many machines there are. */
  readonly clients: number;
  /** The MAC address of the first of them. */
  readonly firstMac?: string;
}

function words({ server, relay, clients, firstMac = '02:00:00:00:00:01' }: Through): string[] {
  return ['-4', '-R', String(clients), '-b', `mac=${firstMac}`, '-x', 'il', '-l', relay, server];
}

/** So many exchanges a second for so many whole seconds, by machines that come and come back. */
export async function steadyLoad(
  where: Netns,
  through: Through,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Load> {
  return run(where, ['-r', String(rate), '-p', String(seconds), '-W', '1000000', ...words(through)]);
}

/** So many machines at once, each of which asks again until it has an address. */
export async function avalanche(where: Netns, through: Through): Promise<Load> {
  return run(where, ['--scenario', 'avalanche', ...words(through)]);
}

async function run(where: Netns, args: readonly string[]): Promise<Load> {
  const { stdout, stderr, exitCode } = await where.run('perfdhcp', args, { reject: false, timeout: 60_000 });
  const text = String(stdout);
  // 3: some exchanges came to no end.
  if (exitCode !== 0 && exitCode !== 3) throw new Error(`perfdhcp ended with ${exitCode}: ${String(stderr)}`);
  const counts = (what: string) => [...text.matchAll(new RegExp(`^${what}: (\\d+)`, 'gm'))].map(([, n]) => Number(n));
  const [begun] = counts('sent packets');
  const [, complete] = counts('received packets');
  const leases = new Map<string, string>();
  const owners = new Map<string, string>();
  const doubled: string[] = [];
  // A client identifier, which is a type of 1 and a MAC address, and what its owner got.
  const list = text.split('***Leases for REQUEST-ACK***')[1] ?? text;
  for (const [, digits = '', address = ''] of list.matchAll(/01([0-9a-f]{12}),(\d+\.\d+\.\d+\.\d+),/g)) {
    const mac = digits.replace(/..(?=.)/g, '$&:');
    if ((owners.get(address) ?? mac) !== mac) doubled.push(address);
    owners.set(address, mac);
    leases.set(mac, address);
  }
  const took = /^It took (\d+):(\d+):([\d.]+) to provision/m.exec(text)?.slice(1).map(Number) ?? [];
  const [hours = 0, minutes = 0, seconds = 0] = took;
  return {
    begun: begun ?? leases.size,
    complete: complete ?? leases.size,
    leases,
    doubled,
    tookMs: ((hours * 60 + minutes) * 60 + seconds) * 1000,
  };
}
