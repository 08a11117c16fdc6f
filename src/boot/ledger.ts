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
 * For so long a repeated xid means the same exchange: EDK2 waits up to 4 + 8 + 16 + 32 s for offers before its REQUEST
 * (PxeBcDhcp4.c, mPxeDhcpTimeout). Later it is another boot of a ROM that always uses the same xid.
 */
const exchangeMs = 120_000;

/**
 * Remembers, for every machine, the release that its boot was given, from the DHCP answer on. The decision falls once:
 * the REQUEST of an exchange gets what its DISCOVER got, whatever was activated in between. A machine whose address was
 * given to another one is forgotten, so there are never more boots than addresses.
 */
export class BootLedger {
  readonly #byMac = new Map<string, PinnedBoot>();
  readonly #byAddress = new Map<string, PinnedBoot>();
  #unsaved = new Map<string, PinnedBoot>();
  readonly #save: (boots: readonly PinnedBoot[]) => Promise<void>;

  /** `save` writes each boot over the earlier one of its machine, and over the one of whoever had its address. */
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
    const same = before?.transaction === request.transaction && nowMs - before.decidedMs < exchangeMs;
    const answer = plan(same ? before.releaseId : undefined);
    if (answer === undefined) return undefined;
    if (!same || before.address !== request.address || before.releaseId !== answer.releaseId) {
      const { mac, address, transaction } = request;
      const decidedMs = same ? before.decidedMs : nowMs;
      const boot = { mac, address, transaction, releaseId: answer.releaseId, decidedMs };
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
      const still = [...boots].filter(([mac, boot]) => this.#byMac.get(mac) === boot);
      this.#unsaved = new Map([...still, ...this.#unsaved]);
      throw error;
    }
  }

  #remember(boot: PinnedBoot): void {
    const before = this.#byMac.get(boot.mac);
    if (before !== undefined) this.#byAddress.delete(before.address);
    const other = this.#byAddress.get(boot.address);
    if (other !== undefined) {
      this.#byMac.delete(other.mac);
      this.#unsaved.delete(other.mac);
    }
    this.#byMac.set(boot.mac, boot);
    this.#byAddress.set(boot.address, boot);
  }
}
