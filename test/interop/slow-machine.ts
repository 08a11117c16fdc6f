import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Netns } from '../support/netns.ts';

interface Said {
  readonly type: string;
  readonly address: string;
  readonly bootFile?: string;
  readonly file: string;
  readonly router?: string;
}

/** What firmware was told where addresses come from one server and the boot file from another. */
interface Booting extends Pick<Said, 'bootFile' | 'file'> {
  readonly address: string;
  readonly serverAddress: string;
  readonly proxy?: string;
}

/** A machine in a namespace, driven step by step. See machine.ts. */
export function slowMachine(where: Netns, mac = where.mac) {
  const script = fileURLToPath(new URL('machine.ts', import.meta.url));
  const child = execa('ip', ['netns', 'exec', where.name, process.execPath, script, mac], {
    stdin: 'pipe',
    reject: false,
    buffer: false,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function order(text: string): Promise<unknown> {
    child.stdin.write(`${text}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the machine is gone at "${text}"`);
    return JSON.parse(value);
  }
  return {
    discover: async (who: 'firmware' | 'linux') => (await order(`discover ${who}`)) as Said,
    request: async () => (await order('request')) as Said,
    /** All of it as firmware does: collects the offers, and takes one. */
    boot: async () => (await order('boot')) as Booting,
    /** Asks the server on port 4011, from an address that it has taken. */
    binl: async (address: string) => (await order(`binl ${address}`)) as Pick<Said, 'bootFile' | 'file'>,
    tftp: (path: string) => order(`tftp ${path}`),
    http: (path: string) => order(`http ${path}`),
    /** Takes the address as its own, as firmware and Linux do after the ACK. */
    takeAddress: async (address: string) => {
      await where.run('ip', ['address', 'flush', 'dev', 'eth0']);
      await where.run('ip', ['address', 'add', `${address}/24`, 'dev', 'eth0']);
    },
    dropAddress: () => where.run('ip', ['address', 'flush', 'dev', 'eth0']),
    async off() {
      child.stdin.end();
      await child;
    },
  };
}
