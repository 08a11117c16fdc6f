import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Lan } from './lan.ts';

/** A file that a machine got. */
interface Served {
  readonly protocol: 'tftp' | 'http';
  /** In the folder. */
  readonly path: string;
}

export interface PlainServer {
  /** So far, in order. */
  readonly served: readonly Served[];
}

/** Programs that `startPlainServer` needs. */
export const plainServerPrograms = ['dnsmasq', 'busybox'] as const;

/**
 * Serves a folder as any PXE server would: dnsmasq by DHCP and TFTP, busybox by HTTP. Both end with their network.
 *
 * @param bootFile what machines shall start, in the folder
 */
export async function startPlainServer(lan: Lan, folder: string, bootFile: string): Promise<PlainServer> {
  const served: Served[] = [];
  const options = { stdin: 'ignore', reject: false, buffer: false, all: true } as const;
  const start = ([first = '', ...rest]: readonly string[], onLine: (line: string) => void) =>
    createInterface({ input: execa(first, rest, options).all }).on('line', onLine);

  const dnsmasq = ['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--user=root', '--port=0', '--log-facility=-'];
  const leases = `--dhcp-leasefile=${lan.folder}/leases`;
  const answers = ['--dhcp-range=10.99.0.50,10.99.0.60', `--dhcp-boot=${bootFile}`, '--enable-tftp'];
  const where = [`--interface=${lan.interface}`, '--bind-interfaces', `--tftp-root=${folder}`, leases];
  const listening = new Promise<void>((resolve, reject) => {
    let last = '';
    const output = start([...lan.enter, ...dnsmasq, ...answers, ...where], (line) => {
      last = line;
      if (line.includes('TFTP root is')) resolve();
      const path = /^.*dnsmasq-tftp.*: sent (\S+) to /.exec(line)?.[1];
      if (path !== undefined) served.push({ protocol: 'tftp', path: path.slice(folder.length).replace(/^\/+/, '') });
    });
    output.on('close', () => reject(new Error(`dnsmasq ended: ${last}`)));
  });
  start([...lan.enter, 'busybox', 'httpd', '-f', '-vv', '-p', `${lan.server}:80`, '-h', folder], (line) => {
    const path = /url:\/*(\S+)$/.exec(line)?.[1];
    if (path !== undefined) served.push({ protocol: 'http', path });
  });
  await listening;
  return { served };
}
