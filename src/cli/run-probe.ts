import { networkInterfaces } from 'node:os';
import { BootwrightError } from '../errors.ts';
import { systemClock } from '../platform/clock.ts';
import { chooseNetwork } from '../platform/network.ts';
import { nodeUdp } from '../platform/udp-node.ts';
import { createNodeClients } from '../probe/clients-node.ts';
import { probeMac } from '../probe/mac.ts';
import type { MachineArchitecture } from '../probe/machine.ts';
import { type Walked, walk } from '../probe/walk.ts';
import { printHeading, printJsonReport, printRow, printVerdict } from './probe-report.ts';

/** The command line, checked. */
export interface ProbeFlags {
  readonly interface?: string;
  readonly mac?: string;
  readonly arch: MachineArchitecture;
  readonly dhcpPort: number;
  readonly tftpPort: number;
  readonly timeout: number;
  readonly quick?: boolean;
  readonly json?: boolean;
}

/** Aborted by SIGINT and SIGTERM, and by PROBE_TOO_SLOW when the time is over. */
function limitTo(timeoutSeconds: number): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const tooSlow = () => controller.abort(new BootwrightError('PROBE_TOO_SLOW', { timeoutSeconds }));
  const timer = setTimeout(tooSlow, timeoutSeconds * 1000);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

/** Walks and prints: each step as it is done, or all at the end as one JSON object. */
export async function runProbe(flags: ProbeFlags): Promise<Walked> {
  const { arch: architecture, dhcpPort, tftpPort, timeout, quick = false, json = false } = flags;
  const network = chooseNetwork({ interface: flags.interface });
  const mac = flags.mac ?? probeMac(networkInterfaces()[network.interface]?.[0]?.mac ?? '');
  const who = { interface: network.interface, hostAddress: network.address, mac, architecture };
  const { signal, end } = limitTo(timeout);
  const clock = systemClock;
  const clients = createNodeClients({ udp: nodeUdp, clock, network, mac, dhcpPort, tftpPort, signal });
  if (!json) printHeading(who);
  try {
    const onRow = json ? () => {} : printRow;
    const walked = await walk({ clients, clock, mac, architecture, quick, signal, onRow });
    if (json) printJsonReport(who, walked);
    else printVerdict(walked);
    return walked;
  } finally {
    end();
    clients.close();
  }
}
