import { execa, type Options, type ResultPromise } from 'execa';

/** One side of a pair: a network namespace with one interface that has an Ethernet address. */
export interface Netns {
  /** As `ip netns` lists it. */
  readonly name: string;
  /** The interface's name inside the namespace: `eth0` on both sides. */
  readonly interface: 'eth0';
  /** Lower case, with colons. */
  readonly mac: string;
  /**
   * Starts a program inside the namespace. Like execa: await it for the result, or keep it to signal it. A program
   * that is still running after `timeout` ms (60 s unless said otherwise) is killed.
   */
  run(program: string, args: readonly string[], options?: Options): ResultPromise<Options>;
}

export interface NetnsPair {
  readonly server: Netns;
  readonly client: Netns;
  /** Ends what still runs in either namespace, and removes both. */
  remove(): Promise<void>;
}

/** Addresses with a prefix length, such as `10.77.0.1/24`. The client has none unless one is given. */
interface NetnsAddresses {
  readonly server?: string;
  readonly client?: string;
}

let made = 0;

/**
 * Two network namespaces with a cable (a veth pair) between them, and no way out. Needs root and the program `ip`.
 * Remove the pair in `afterAll`.
 */
export async function createNetns({ server = '10.77.0.1/24', client }: NetnsAddresses = {}): Promise<NetnsPair> {
  made += 1;
  const serverName = `bw-${process.pid}-${made}-server`;
  const clientName = `bw-${process.pid}-${made}-client`;
  try {
    await ip('netns', 'add', serverName);
    await ip('netns', 'add', clientName);
    await ip('link', 'add', 'eth0', 'netns', serverName, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', clientName);
    return {
      server: await bringUp(serverName, server),
      client: await bringUp(clientName, client),
      remove: () => removeSpaces(serverName, clientName),
    };
  } catch (error) {
    await removeSpaces(serverName, clientName);
    throw error;
  }
}

async function bringUp(name: string, address: string | undefined): Promise<Netns> {
  if (address !== undefined) await ip('-n', name, 'address', 'add', address, 'broadcast', '+', 'dev', 'eth0');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  await ip('-n', name, 'link', 'set', 'eth0', 'up');
  return netnsOf(name);
}

/** A namespace that is there, with its `eth0`. */
export async function netnsOf(name: string): Promise<Netns> {
  const shown = await ip('-n', name, '-oneline', 'link', 'show', 'dev', 'eth0');
  const mac = /link\/ether ([0-9a-f:]{17})/.exec(shown)?.[1];
  if (mac === undefined) throw new Error(`no Ethernet address in "${shown}"`);
  return {
    name,
    interface: 'eth0',
    mac,
    run: (program, args, options) =>
      execa('ip', ['netns', 'exec', name, program, ...args], { timeout: 60_000, ...options }),
  };
}

/** Ends what still runs in these namespaces, and removes them. */
export async function removeSpaces(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { stdout } = await execa('ip', ['netns', 'pids', name], { reject: false });
    for (const pid of stdout.split('\n').filter((line) => line !== '')) {
      // It may have ended by itself in between.
      await execa('kill', ['-KILL', pid], { reject: false });
    }
    await execa('ip', ['netns', 'delete', name], { reject: false });
  }
}

/** Runs `ip`; what it printed. */
export async function ip(...args: readonly string[]): Promise<string> {
  const { stdout } = await execa('ip', args);
  return stdout;
}
