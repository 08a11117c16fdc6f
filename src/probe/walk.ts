import type { GrantedAddress } from '../dhcp/client.ts';
import { exit } from '../errors/row.ts';
import { BootwrightError } from '../errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Clients } from './clients.ts';
import type { Context } from './context.ts';
import { fetchLiveImage, getAddressAgain } from './dracut.ts';
import type { Expected } from './expected.ts';
import { bootFirmware, getAddress } from './firmware.ts';
import { bootGrub } from './grub.ts';
import { loadKernel } from './kernel.ts';
import type { MachineArchitecture } from './machine.ts';
import { type Digest, sha256 } from './received.ts';
import { bootShim } from './shim.ts';
import { type Row, Timeline } from './timeline.ts';

export interface WalkOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly mac: string;
  readonly architecture: MachineArchitecture;
  readonly quick: boolean;
  /** Hashes kernels, initrds and the live image, by their paths in the release; SHA-256 unless said otherwise. */
  readonly digestOf?: (path: string) => Digest;
  /** Ends the walk; where its reason is a BootwrightError, as one that found what is wrong. */
  readonly signal: AbortSignal;
  /** Hears every row as it is done. */
  readonly onRow: (row: Row) => void;
}

/** What a walk found out. */
export interface Walked {
  readonly timeline: readonly Row[];
  readonly durationMs: number;
  readonly address?: string;
  readonly server?: string;
  readonly releaseId?: string;
  /** How many files were compared with the manifest, and were right. */
  readonly checkedFiles: number;
  /** Absent: a machine would boot. */
  readonly error?: BootwrightError;
}

/**
 * Walks the road of one boot: firmware, shim, GRUB, kernel, dracut. The first failure ends it. Throws what says nothing
 * of machines, such as UDP_PORT_IN_USE, and the reason of the signal.
 */
export async function walk(options: WalkOptions): Promise<Walked> {
  const { clients, clock, signal, onRow } = options;
  const timeline = new Timeline(clock, signal, onRow);
  const context: Context = { digestOf: sha256, ...options, timeline };
  let lease: GrantedAddress | undefined;
  let expected: Expected | undefined;
  let error: BootwrightError | undefined;
  try {
    lease = await getAddress(context);
    const firmware = await bootFirmware(context, lease);
    expected = firmware.expected;
    const grub = await bootShim(context, firmware);
    const choice = await bootGrub(context, lease, firmware, grub);
    await loadKernel(context, expected, choice);
    await getAddressAgain(context, lease);
    await fetchLiveImage(context, expected, choice);
  } catch (cause) {
    // Other exit statuses are troubles of this host, which say nothing of machines.
    if (!(cause instanceof BootwrightError) || cause.exitStatus !== exit.unbootable) throw cause;
    error = cause;
  } finally {
    // One that can't be given back ends by itself; what was found out counts more.
    if (lease !== undefined) await clients.releaseAddress(lease).catch(() => {});
  }
  return {
    timeline: timeline.rows,
    durationMs: timeline.elapsedMs,
    checkedFiles: expected?.checked ?? 0,
    ...(lease === undefined ? {} : { address: lease.address, server: lease.serverAddress }),
    ...(expected?.manifest === undefined ? {} : { releaseId: expected.manifest.id }),
    ...(error === undefined ? {} : { error }),
  };
}
