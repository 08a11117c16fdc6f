import { BootwrightError } from '../../src/errors.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { LocalNetwork } from '../../src/platform/network.ts';
import type { Udp } from '../../src/platform/udp.ts';
import type { Clients, Sink } from '../../src/probe/clients.ts';
import { createNodeClients } from '../../src/probe/clients-node.ts';
import type { Digest } from '../../src/probe/received.ts';
import { walk } from '../../src/probe/walk.ts';
import { createThriftyHttp } from './thrifty-http.ts';

/** What became of one machine. Milliseconds count from when all were switched on. */
export interface Boot {
  readonly mac: string;
  readonly address?: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** It has its address; its loaders and GRUB's configuration; its kernel and initrd. */
  readonly addressMs?: number;
  readonly loadedMs?: number;
  readonly kernelMs?: number;
  readonly tftpBytes: number;
  readonly httpBytes: number;
  readonly checkedFiles: number;
  /** Absent: it booted. */
  readonly failure?: { readonly code: string; readonly message: string; readonly at: string };
}

export interface MachineOptions {
  readonly mac: string;
  readonly udp: Udp;
  readonly clock: Clock;
  /** Of the host that the machines are on. */
  readonly network: LocalNetwork;
  /** Makes a leased address one that packets may leave from. */
  readonly takeAddress: (address: string) => Promise<void>;
  readonly digestOf: (path: string) => Digest;
  readonly timeoutSeconds: number;
}

/** Boots one machine: the walk of `bootwright probe`, but from the address that it is leased, which it keeps. */
export async function bootMachine(options: MachineOptions): Promise<Boot> {
  const { mac, clock, timeoutSeconds, digestOf } = options;
  const controller = new AbortController();
  const { signal } = controller;
  const cancel = clock.after(timeoutSeconds * 1000, () =>
    controller.abort(new BootwrightError('PROBE_TOO_SLOW', { timeoutSeconds })),
  );
  const startedMs = performance.now();
  const marks: { addressMs?: number; loadedMs?: number; kernelMs?: number } = {};
  const bytes = { tftp: 0, http: 0 };
  const clients = movingClients({ ...options, signal, bytes });
  let last = '';
  const ended = () => ({ endedMs: performance.now(), tftpBytes: bytes.tftp, httpBytes: bytes.http });
  try {
    const { error, address, checkedFiles } = await walk({
      clients,
      clock,
      mac,
      architecture: 'efi-x64',
      quick: false,
      signal,
      digestOf,
      onRow({ step, what }) {
        last = `${step} ${what}`;
        const nowMs = performance.now();
        marks.addressMs ??= nowMs;
        if (what.startsWith('TFTP')) marks.loadedMs = nowMs;
        if (step === 'grub') marks.kernelMs = nowMs;
      },
    });
    const { code, message } = error ?? {};
    const failure = code === undefined || message === undefined ? {} : { failure: { code, message, at: last } };
    const where = address === undefined ? {} : { address };
    return { mac, startedMs, ...ended(), ...marks, ...where, ...failure, checkedFiles };
  } catch (error) {
    const code = error instanceof BootwrightError ? error.code : ((error as { code?: string }).code ?? 'UNEXPECTED');
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { mac, startedMs, ...ended(), ...marks, checkedFiles: 0, failure: { code, message, at: last } };
  } finally {
    cancel();
    clients.close();
  }
}

interface MovingOptions extends MachineOptions {
  readonly signal: AbortSignal;
  readonly bytes: { tftp: number; http: number };
}

/** The clients of a machine, which goes to its own address as soon as it has one. */
function movingClients({
  network,
  takeAddress,
  signal,
  bytes,
  ...machine
}: MovingOptions): Clients & { close(): void } {
  const ports = { dhcpPort: 67, tftpPort: 69 };
  const at = (address: string) => ({
    ...createNodeClients({ ...machine, ...ports, signal, network: { ...network, address } }),
    ...createThriftyHttp(address, signal),
  });
  const nowhere = at(network.address);
  let here = nowhere;
  const counted = (protocol: keyof typeof bytes, sink: Sink): Sink => {
    return (piece) => {
      bytes[protocol] += piece.byteLength;
      sink(piece);
    };
  };
  return {
    async askForAddress(architecture) {
      const lease = await nowhere.askForAddress(architecture);
      if (here === nowhere) {
        await takeAddress(lease.address);
        here = at(lease.address);
      }
      return lease;
    },
    askBootServer: (...asked) => here.askBootServer(...asked),
    // It goes on to run, and so keeps its address.
    releaseAddress: async () => {},
    sizeByTftp: (...asked) => here.sizeByTftp(...asked),
    getByTftp: (server, path, parameters, sink) => here.getByTftp(server, path, parameters, counted('tftp', sink)),
    headByHttp: (url) => here.headByHttp(url),
    getByHttp: (url, range, sink) => here.getByHttp(url, range, counted('http', sink)),
    close() {
      nowhere.close();
      here.close();
    },
  };
}
