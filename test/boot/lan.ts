import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Place } from './place.ts';

/** A computer that runs whatever a test needs beside our server. */
interface Computer {
  /** What stands in front of a command that shall run there. */
  readonly enter: readonly string[];
  /** Its network card. */
  readonly interface: 'eth0';
  /** Its address. */
  readonly address: '10.99.0.2';
}

/** The server's addresses where there is IPv6. */
export const server6 = 'fd00:99::1';

/** A network of its own: a namespace with a switch, and on it the server's network card and a port for a machine. */
export interface Lan extends Place {
  /** The server's network card. */
  readonly interface: 'eth0';
  /** Its address. */
  readonly server: '10.99.0.1';
  /** The tap device that a machine is plugged into. */
  readonly port: 'tap0';
  /** Another computer on the same switch. */
  readonly other: Computer;
  /** Ends every program that still runs in it, and removes it and its folder. */
  remove(): Promise<void>;
}

let made = 0;

/**
 * Makes a network that nothing leaves. Needs root and the program `ip`.
 *
 * @param ipv6 gives the server an IPv6 address as well: `server6`, with a prefix of 64 bits
 */
export async function createLan({ ipv6 = false } = {}): Promise<Lan> {
  made += 1;
  const name = `bw-${process.pid}-${made}-lan`;
  const other = `${name}-other`;
  await execa('ip', ['netns', 'add', name]);
  await execa('ip', ['netns', 'add', other]);
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-lan-'));
  const remove = removeAtTheEnd([name, other], folder);
  try {
    const setup = [
      ['link', 'set', 'lo', 'up'],
      // Multicast goes to everybody, as with the simplest switch.
      ['link', 'add', 'switch', 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0'],
      // Without ARP: else it answers, on its own, for the addresses of `eth0`, whose sockets hear nothing that comes in by it.
      ['link', 'set', 'switch', 'arp', 'off', 'up'],
      ['link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'port0'],
      ['link', 'set', 'port0', 'master', 'switch', 'up'],
      ['address', 'add', '10.99.0.1/24', 'broadcast', '+', 'dev', 'eth0'],
      ...(ipv6 ? [['address', 'add', `${server6}/64`, 'dev', 'eth0', 'nodad']] : []),
      ['link', 'set', 'eth0', 'up'],
      ['link', 'add', 'port1', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', other],
      ['link', 'set', 'port1', 'master', 'switch', 'up'],
      ['tuntap', 'add', 'tap0', 'mode', 'tap'],
      ['link', 'set', 'tap0', 'master', 'switch', 'up'],
    ];
    for (const args of setup) await execa('ip', ['-n', name, ...args]);
    await execa('ip', ['-n', other, 'address', 'add', '10.99.0.2/24', 'broadcast', '+', 'dev', 'eth0']);
    for (const device of ['lo', 'eth0']) await execa('ip', ['-n', other, 'link', 'set', device, 'up']);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    interface: 'eth0',
    server: '10.99.0.1',
    port: 'tap0',
    other: { enter: ['ip', 'netns', 'exec', other], interface: 'eth0', address: '10.99.0.2' },
    folder,
    enter: ['ip', 'netns', 'exec', name],
    remove,
  };
}

/**
 * A shell that waits for the end of its input, which comes when it is asked for or when this process is gone, however
 * it went: a namespace and a running machine never outlive a test, not even one that was killed.
 */
function removeAtTheEnd(names: readonly string[], folder: string): () => Promise<void> {
  const script = `cat >/dev/null
    for name in ${names.join(' ')}; do
      ip netns pids $name | xargs -r kill -KILL
      ip netns delete $name
    done
    rm -rf '${folder}'`;
  // In a session of its own: Ctrl-C at the terminal shall end the test and not the one who tidies up after it.
  const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(shell, 'exit');
  shell.unref();
  return async () => {
    shell.ref();
    shell.stdin.end();
    await ended;
  };
}
