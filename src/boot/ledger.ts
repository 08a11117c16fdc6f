import type { BootAnswer, BootRequest, NoBoot } from './plan.ts';

/** Which release the current boot of one machine is pinned to. */
export interface PinnedBoot {
  readonly mac: string;
  /**
   * Where the machine is: one IPv4 address at most, and IPv6 addresses. No address is in two boots. None at all: the
   * boot was forgotten, and what is kept of it on disk may go.
   */
  readonly addresses: readonly string[];
  /** DHCP's xid of the exchange that decided. */
  readonly transaction: number;
  readonly releaseId: string;
  readonly decidedMs: number;
}

/**
 * For so long a repeated xid means the same exchange: EDK2 waits up to 4 + 8 + 16 + 32 s for offers before its REQUEST
 * (PxeBcDhcp4.c, mPxeDhcpTimeout). Later, or before that where the clock was set back, it is another boot of a ROM that
 * always uses the same xid.
 */
const exchangeMs = 120_000;

/** More machines than any one server boots; a flood of invented ones must end somewhere. */
const mostBoots = 65_536;

/** A boot has one of PXE, one of the kernel, and what SLAAC and a privacy address add. */
const mostIpv6Addresses = 4;

/**
 * Remembers, for every machine, the release that its boot was given, from the DHCP answer on. The decision falls once:
 * the REQUEST of an exchange gets what its DISCOVER got, whatever was activated in between. Bounded: the machine that
 * asked longest ago is forgotten first.
 */
export class BootLedger {
  /** Who asked longest ago stands first. */
  readonly #byMac = new Map<string, PinnedBoot>();
  /** Whom to forget next: a look from the start of a Map passes by all that was deleted there, each time. */
  readonly #oldest = this.#byMac.values();
  readonly #byAddress = new Map<string, string>();
  /** Whose boots were saved, so that they can be taken away again. */
  readonly #onDisk = new Set<string>();
  #unsaved = new Map<string, PinnedBoot>();
  readonly #mostBoots: number;

  constructor(known: readonly PinnedBoot[], { mostBoots: limit = mostBoots } = {}) {
    this.#mostBoots = limit;
    for (const { mac } of known) this.#onDisk.add(mac);
    for (const boot of known.toSorted((one, other) => one.decidedMs - other.decidedMs)) this.#remember(boot);
    for (const { mac, addresses } of this.#unsaved.values()) if (addresses.length > 0) this.#unsaved.delete(mac);
  }

  /** The answer of this exchange: the one given before, or else what `plan` says now. */
  decide(
    request: BootRequest,
    nowMs: number,
    plan: (pinned: string | undefined) => BootAnswer | NoBoot,
  ): BootAnswer | NoBoot {
    const { mac, address, transaction } = request;
    const before = this.#byMac.get(mac);
    const isSame = before?.transaction === transaction && Math.abs(nowMs - before.decidedMs) < exchangeMs;
    const answer = plan(isSame ? before.releaseId : undefined);
    if ('reason' in answer) return answer;
    const { releaseId } = answer;
    const addresses = withAddress(before?.addresses ?? [], address);
    if (!isSame || before.releaseId !== releaseId || !sameAddresses(before.addresses, addresses)) {
      this.#remember({ mac, addresses, transaction, releaseId, decidedMs: isSame ? before.decidedMs : nowMs });
    }
    return answer;
  }

  /**
   * The machine has this address from somebody else: a DHCP server beside which we are a proxy. Nothing is known of a
   * machine for which no boot was decided, and nothing is noted.
   */
  place(mac: string, address: string): void {
    const boot = this.#byMac.get(mac);
    if (boot === undefined || boot.addresses.includes(address)) return;
    this.#remember({ ...boot, addresses: withAddress(boot.addresses, address) });
  }

  /** The release that whoever has this address boots. */
  releaseOf(address: string): string | undefined {
    const mac = this.#byAddress.get(address);
    return mac === undefined ? undefined : this.#byMac.get(mac)?.releaseId;
  }

  /** The machine that has this address. */
  machineAt(address: string): string | undefined {
    return this.#byAddress.get(address);
  }

  /** Where that machine is, as far as is known. */
  addressesOf(mac: string): readonly string[] {
    return this.#byMac.get(mac)?.addresses ?? [];
  }

  /** What changed since the last time, the latest of each machine. */
  takeUnsaved(): readonly PinnedBoot[] {
    const boots = [...this.#unsaved.values()];
    this.#unsaved = new Map();
    for (const { mac, addresses } of boots) {
      if (addresses.length > 0) this.#onDisk.add(mac);
      else this.#onDisk.delete(mac);
    }
    return boots;
  }

  /** What could not be saved stays for the next time, but for what has changed again, and may be safe already. */
  restoreUnsaved(boots: readonly PinnedBoot[]): void {
    for (const boot of boots) {
      this.#onDisk.add(boot.mac);
      const now = this.#byMac.get(boot.mac);
      if (now === boot || (now === undefined && boot.addresses.length === 0)) this.#unsaved.set(boot.mac, boot);
    }
  }

  /** A boot without an address is nothing that anybody could ask for after a restart. */
  #note(boot: PinnedBoot): void {
    if (boot.addresses.length > 0 || this.#onDisk.has(boot.mac)) this.#unsaved.set(boot.mac, boot);
    else this.#unsaved.delete(boot.mac);
  }

  #remember(boot: PinnedBoot): void {
    this.#forget(boot.mac);
    for (const address of boot.addresses) this.#takeFromOther(address);
    this.#byMac.set(boot.mac, boot);
    for (const address of boot.addresses) this.#byAddress.set(address, boot.mac);
    this.#note(boot);
    const oldest = this.#byMac.size > this.#mostBoots ? this.#oldest.next().value : undefined;
    if (oldest === undefined) return;
    this.#forget(oldest.mac);
    this.#note({ ...oldest, addresses: [] });
  }

  #forget(mac: string): void {
    for (const address of this.#byMac.get(mac)?.addresses ?? []) this.#byAddress.delete(address);
    this.#byMac.delete(mac);
  }

  #takeFromOther(address: string): void {
    const mac = this.#byAddress.get(address);
    const other = mac === undefined ? undefined : this.#byMac.get(mac);
    if (other === undefined) return;
    const left = { ...other, addresses: other.addresses.filter((held) => held !== address) };
    this.#byMac.set(other.mac, left);
    this.#byAddress.delete(address);
    this.#note(left);
  }
}

/** A machine has one IPv4 address: the latest. Of IPv6 addresses the latest few. */
function withAddress(held: readonly string[], address: string): readonly string[] {
  if (address === '0.0.0.0' || held.includes(address)) return held;
  const isIpv6 = address.includes(':');
  const ipv4 = held.filter((one) => !one.includes(':'));
  const ipv6 = held.filter((one) => one.includes(':'));
  return isIpv6 ? [...ipv4, ...[...ipv6, address].slice(-mostIpv6Addresses)] : [address, ...ipv6];
}

function sameAddresses(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((address, at) => address === others[at]);
}
