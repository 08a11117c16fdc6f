import { createInterface } from 'node:readline';
import { execa } from 'execa';

/** Gives the addresses of machines to an interface of this host, one by one, as machines take them. */
export interface OwnAddresses {
  /** Resolves once packets may leave from it. */
  take(address: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Not before a machine has its lease: a server that looks whether somebody has an address would be answered. One `ip`
 * does it for all of them; it says in order what it was told to show, and so when the line before was done.
 */
export function ownAddresses(interfaceName: string): OwnAddresses {
  const child = execa('ip', ['-oneline', '-batch', '-'], { reject: false, buffer: { stdout: false } });
  const waiting: PromiseWithResolvers<void>[] = [];
  createInterface({ input: child.stdout }).on('line', () => waiting.shift()?.resolve());
  const ended = child.then(({ stderr }) => {
    for (const each of waiting) each.reject(new Error(`ip ended: ${stderr}`));
  });
  return {
    take(address) {
      const added = Promise.withResolvers<void>();
      waiting.push(added);
      child.stdin.write(`address add ${address}/32 dev ${interfaceName}\nlink show dev lo\n`);
      return added.promise;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
