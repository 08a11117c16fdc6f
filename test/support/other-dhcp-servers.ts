import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Netns } from './netns.ts';

/** A DHCP server of somebody else's. */
interface OtherServer {
  stop(): Promise<void>;
}

/** Addresses that it gives, dotted decimal, from the network 10.77.0.0/24. */
interface Given {
  readonly first: string;
  readonly last: string;
}

/** By their names: each starts on `eth0` of a computer, and keeps what it writes in a folder. */
export const otherDhcpServers = {
  async dnsmasq(where: Netns, folder: string, { first, last }: Given) {
    const words = [
      'dnsmasq',
      ...['--keep-in-foreground', '--conf-file=/dev/null', '--log-facility=-', '--user=root', '--port=0'],
      ...['--interface=eth0', '--bind-interfaces', '--dhcp-authoritative'],
      `--dhcp-range=${first},${last},255.255.255.0,1h`,
      `--dhcp-leasefile=${join(folder, 'dnsmasq.leases')}`,
      `--pid-file=${join(folder, 'dnsmasq.pid')}`,
    ];
    return start(where, words, {}, /DHCP, sockets bound exclusively/);
  },

  async kea(where: Netns, folder: string, { first, last }: Given) {
    const settings = {
      Dhcp4: {
        'interfaces-config': { interfaces: ['eth0'] },
        'lease-database': { type: 'memfile', persist: false },
        subnet4: [{ subnet: '10.77.0.0/24', pools: [{ pool: `${first} - ${last}` }] }],
        loggers: [{ name: 'kea-dhcp4', severity: 'INFO', output_options: [{ output: 'stdout' }] }],
      },
    };
    const path = join(folder, 'kea.json');
    await writeFile(path, JSON.stringify(settings));
    const env = { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder, KEA_DHCP_DATA_DIR: folder };
    return start(where, ['kea-dhcp4', '-c', path], env, /DHCP4_STARTED/);
  },
} as const;

async function start(
  where: Netns,
  words: readonly string[],
  env: Record<string, string>,
  ready: RegExp,
): Promise<OtherServer> {
  const child = execa('ip', ['netns', 'exec', where.name, ...words], { env, reject: false, all: true, buffer: false });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.then(() => reject(new Error(`${words[0]} ended: ${said}`)));
    child.all.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (ready.test(said)) resolve();
    });
  });
  return {
    async stop() {
      child.kill('SIGKILL');
      await child;
    },
  };
}
