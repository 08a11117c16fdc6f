import { ip, type Netns, netnsOf, removeSpaces } from './netns.ts';

/** Where an interface is plugged in, and its address with a prefix length, if it has one: `['left', '10.77.0.1/24']`. */
type Plug = readonly [wire: string, address?: string];

/** The interfaces of one computer by their names. */
type Plugs = Readonly<Record<string, Plug>>;

export interface Wires<Computer extends string> {
  /** Each is a network namespace; `mac` is that of its interface `eth0`. */
  readonly computers: Readonly<Record<Computer, Netns>>;
  /** Ends what still runs in any of them, and removes all. */
  remove(): Promise<void>;
}

let made = 0;

/**
 * Computers, and the wires between them: every wire is a switch, and nothing leads out. Each computer needs an `eth0`.
 * Needs root and the program `ip`. Remove them in `afterAll`.
 */
export async function createWires<Computer extends string>(
  plan: Readonly<Record<Computer, Plugs>>,
): Promise<Wires<Computer>> {
  made += 1;
  const prefix = `bw-${process.pid}-${made}-wires`;
  const names: string[] = [];
  const space = async (role: string): Promise<string> => {
    const name = `${prefix}-${role}`;
    await ip('netns', 'add', name);
    names.push(name);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    return name;
  };
  const remove = () => removeSpaces(...names);
  try {
    const switches = await space('switches');
    const wires = new Set<string>();
    const computers: [string, Netns][] = [];
    for (const [role, plugs] of Object.entries<Plugs>(plan)) {
      const name = await space(role);
      for (const [device, [wire, address]] of Object.entries(plugs)) {
        if (!wires.has(wire)) await addSwitch(switches, wire);
        wires.add(wire);
        const port = `port${names.length}-${device}`;
        await ip('link', 'add', device, 'netns', name, 'type', 'veth', 'peer', 'name', port, 'netns', switches);
        await ip('-n', switches, 'link', 'set', port, 'master', wire, 'up');
        if (address !== undefined) await ip('-n', name, 'address', 'add', address, 'broadcast', '+', 'dev', device);
        await ip('-n', name, 'link', 'set', device, 'up');
      }
      computers.push([role, await netnsOf(name)]);
    }
    return { computers: Object.fromEntries(computers) as Record<Computer, Netns>, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Frames are passed on from the first moment on. */
async function addSwitch(where: string, wire: string): Promise<void> {
  await ip('-n', where, 'link', 'add', wire, 'type', 'bridge', 'forward_delay', '0');
  await ip('-n', where, 'link', 'set', wire, 'up');
}
