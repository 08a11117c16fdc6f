import type { BootAnswer, BootRequest } from './plan.ts';

/** Which release the current boot of one machine is pinned to. */
export interface PinnedBoot {
  readonly mac: string;
  readonly address: string;
  /** DHCP's xid of the exchange that decided. */
  readonly transaction: number;
  readonly releaseId: string;
  readonly decidedMs: number;
}

/**
 * Remembers, for every machine, the release that its boot was given, from the DHCP answer on. The decision falls once:
 * the REQUEST of an exchange gets what its DISCOVER got, whatever was activated in between.
 */
export class BootLedger {
  readonly #byMac = new Map<string, PinnedBoot>();
  readonly #byAddress = new Map<string, PinnedBoot>();
  #unsaved = new Map<string, PinnedBoot>();
  readonly #save: (boots: readonly PinnedBoot[]) => Promise<void>;

  constructor(known: readonly PinnedBoot[], save: (boots: readonly PinnedBoot[]) => Promise<void>) {
    this.#save = save;
    for (const boot of known) this.#remember(boot);
  }

  /** The answer of this exchange: the one given before, or else what `plan` says now. */
  decide(
    request: BootRequest,
    nowMs: number,
    plan: (pinned: string | undefined) => BootAnswer | undefined,
  ): BootAnswer | undefined {
    const before = this.#byMac.get(request.mac);
    const same = before?.transaction === request.transaction;
    const answer = plan(same ? before.releaseId : undefined);
    if (answer === undefined) return undefined;
    if (!same || before.address !== request.address || before.releaseId !== answer.releaseId) {
      const { mac, address, transaction } = request;
      const boot = { mac, address, transaction, releaseId: answer.releaseId, decidedMs: nowMs };
      this.#remember(boot);
      this.#unsaved.set(mac, boot);
    }
    return answer;
  }

  /** The release that whoever has this address boots. */
  releaseOf(address: string): string | undefined {
    return this.#byAddress.get(address)?.releaseId;
  }

  /** The machine that has this address. */
  machineAt(address: string): string | undefined {
    return this.#byAddress.get(address)?.mac;
  }

  /** Writes what is not written yet. What could not be written stays for the next time. */
  async flush(): Promise<void> {
    const boots = this.#unsaved;
    if (boots.size === 0) return;
    this.#unsaved = new Map();
    try {
      await this.#save([...boots.values()]);
    } catch (error) {
      this.#unsaved = new Map([...boots, ...this.#unsaved]);
      throw error;
    }
  }

  #remember(boot: PinnedBoot): void {
    const before = this.#byMac.get(boot.mac);
    if (before !== undefined && this.#byAddress.get(before.address) === before) this.#byAddress.delete(before.address);
    this.#byMac.set(boot.mac, boot);
    this.#byAddress.set(boot.address, boot);
  }
}
