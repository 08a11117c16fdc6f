import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Netns } from '../test/support/netns.ts';
import { type Program, startProgram } from './program.ts';

/** Where a peer listens, and what it serves. */
interface Place {
  /** For what it writes. */
  readonly folder: string;
  readonly files: string;
  readonly address: string;
  readonly within?: Netns | undefined;
}

interface Certificate {
  readonly port: number;
  /** Of files in PEM. */
  readonly certificate: string;
  readonly key: string;
}

/** nginx as its users have it, with one worker and without a log of requests. */
export async function startNginx(place: Place & { port: number; path: string; https?: Certificate | undefined }) {
  const { folder, files, address, port, path, https, within } = place;
  const tls =
    https === undefined
      ? ''
      : `listen ${address}:${https.port} ssl; ssl_certificate ${https.certificate}; ssl_certificate_key ${https.key};`;
  const config = `daemon off; user root; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr;
    events { worker_connections 1024; }
    http { access_log off; sendfile on; tcp_nopush on; client_body_temp_path ${folder}/body;
      server { listen ${address}:${port}; ${tls} root ${files}; } }\n`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, config);
  const url = `http://${address}:${port}/${path}`;
  return startProgram({ words: ['nginx', '-c', file, '-p', folder], log: join(folder, 'nginx.log'), url, within });
}

/** dnsmasq for TFTP alone, or for DHCP as well. It listens at port 69 and at no other. */
export async function startDnsmasq(place: Place & { path: string; dhcpRange?: string | undefined }): Promise<Program> {
  const { folder, files, address, path, dhcpRange, within } = place;
  const dhcp = [
    `--dhcp-range=${dhcpRange}`,
    `--dhcp-leasefile=${join(folder, 'dnsmasq.leases')}`,
    ...['--dhcp-boot=bootx64.efi', '--dhcp-lease-max=100000', '--no-ping', '--quiet-dhcp'],
  ];
  const words = [
    ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--log-facility=-', '--user=root', '--port=0'],
    ...[`--listen-address=${address}`, '--bind-interfaces', `--pid-file=${join(folder, 'dnsmasq.pid')}`],
    ...['--enable-tftp', `--tftp-root=${files}`, '--tftp-max=1000', '--quiet-tftp'],
    ...(dhcpRange === undefined ? [] : dhcp),
  ];
  const url = `tftp://${address}/${path}`;
  return startProgram({ words, log: join(folder, 'dnsmasq.log'), url, within });
}

export async function startAtftpd({ folder, files, address, port, path }: Place & { port: number; path: string }) {
  const words = [
    ...['atftpd', '--daemon', '--no-fork', '--user', 'root', '--group', 'root', '--maxthread', '1000'],
    ...['--bind-address', address, '--port', String(port), files],
  ];
  const url = `tftp://${address}:${port}/${path}`;
  return startProgram({ words, log: join(folder, 'atftpd.log'), url });
}

/** tftpd-hpa, which has a process for each transfer. */
export async function startHpa({ folder, files, address, port, path }: Place & { port: number; path: string }) {
  const words = [await hpaServer(folder), '--foreground', '--user', 'root', '--secure'];
  const log = join(folder, 'hpa.log');
  const url = `tftp://${address}:${port}/${path}`;
  return startProgram({ words: [...words, '--address', `${address}:${port}`, files], log, url });
}

/** The path of tftpd-hpa's server. Debian installs no two TFTP servers, so its package is unpacked beside. */
async function hpaServer(folder: string): Promise<string> {
  const { stdout } = await execa('in.tftpd', ['--version'], { reject: false, stdin: 'ignore' });
  if (String(stdout).startsWith('tftp-hpa')) return 'in.tftpd';
  const cwd = join(folder, 'hpa');
  await mkdir(cwd);
  await execa('apt-get', ['download', 'tftpd-hpa'], { cwd });
  await execa('sh', ['-c', 'dpkg-deb --extract *.deb .'], { cwd });
  return join(cwd, 'usr/sbin/in.tftpd');
}
