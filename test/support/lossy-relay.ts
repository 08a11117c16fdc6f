import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '../../src/platform/udp.ts';
import type { Tally, Troubles } from './relay/wire.ts';

/** The server's address and the relay's are IPv4. */
export interface RelaySettings extends Partial<Troubles> {
  readonly server: Endpoint;
  readonly address: string;
}

export interface LossyRelay {
  /** Where clients find the server. */
  readonly local: Endpoint;
  /** What became of the datagrams. */
  stop(): Promise<{ readonly toServer: Tally; readonly toClient: Tally }>;
}

/**
 * Starts a UDP wire in user space between real TFTP clients and a real server: it loses, doubles and reorders by lot,
 * the same for the same seed and the same datagrams, and can take a part of a millisecond each way. Without settings it
 * carries all as it came. Linux, x64 or arm64.
 */
export async function startLossyRelay(settings: RelaySettings): Promise<LossyRelay> {
  const asked: Required<RelaySettings> = {
    seed: 1,
    loss: 0,
    duplication: 0,
    reordering: 0,
    delayMs: 0,
    ...settings,
  };
  const program = fileURLToPath(new URL('relay/program.ts', import.meta.url));
  const process_ = spawn(process.execPath, [program, JSON.stringify(asked)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the relay ended');
    return JSON.parse(line.value) as unknown;
  };
  const { port } = (await next()) as { port: number };
  return {
    local: { address: settings.address, port },
    async stop() {
      process_.stdin.end();
      return (await next()) as Awaited<ReturnType<LossyRelay['stop']>>;
    },
  };
}
