import type { Report } from '../boot/timeline.ts';
import type { Networks } from './choose-network.ts';

/** The MAC address of whoever has an address on the network of an interface; `undefined`: nobody. */
export type ProbeAddress = (on: string, address: string) => Promise<string | undefined>;

/** A probe takes a third of a second: in a storm, addresses are offered as they are, and machines look for themselves. */
const mostAtOnce = 64;
/** So many addresses in a row may be in somebody's use before a machine has to ask again. */
const mostTries = 8;

interface Finding {
  readonly address: string;
  readonly mac: string;
  /** `undefined`: nobody. */
  readonly holder: string | undefined;
  readonly tries: number;
}

/** A message that waits to hear whether somebody has the address that it would be offered. */
interface Message {
  readonly interface: string;
}

/** Looks at addresses before they are offered. A message that had to wait for that is put back into the queue. */
export class Probes<Waiting extends Message> {
  readonly #probe: ProbeAddress | undefined;
  readonly #networks: Networks;
  readonly #report: Report;
  readonly #again: (message: Waiting) => void;
  readonly #findings = new WeakMap<Waiting, Finding>();
  #underWay = 0;

  constructor(probe: ProbeAddress | undefined, networks: Networks, report: Report, again: (message: Waiting) => void) {
    this.#probe = probe;
    this.#networks = networks;
    this.#report = report;
    this.#again = again;
  }

  start(message: Waiting, address: string, mac: string): void {
    const tries = (this.#findings.get(message)?.tries ?? 0) + 1;
    const found = (holder: string | undefined) => {
      this.#underWay -= 1;
      this.#findings.set(message, { address, mac, holder, tries });
      this.#again(message);
    };
    this.#underWay += 1;
    // A probe that fails has found nobody.
    this.#probe?.(message.interface, address).then(found, () => found(undefined));
  }

  /** Takes over what was found for this message, if anything was, and says whether it may be probed for once more. */
  settle(message: Waiting, nowMs: number): 'yes' | 'no' | 'given-up' {
    if (this.#probe === undefined) return 'no';
    const finding = this.#findings.get(message);
    if (finding !== undefined && this.#isInUse(finding, message.interface, nowMs) && finding.tries >= mostTries) {
      const reason = `${mostTries} free addresses in a row are in use by somebody else; it may ask again`;
      this.#report({ step: 'not-answered', mac: finding.mac, reason });
      return 'given-up';
    }
    return this.#underWay < mostAtOnce ? 'yes' : 'no';
  }

  #isInUse({ address, mac, holder }: Finding, on: string, nowMs: number): boolean {
    const leases = this.#networks.on(on)?.leases;
    if (leases === undefined) return false;
    // Meanwhile the machine may have taken it; and it may have had it all the time.
    if (holder === undefined || holder === mac || !leases.isUncertain(mac, address, nowMs)) {
      leases.found(address, nowMs);
      return false;
    }
    leases.setAside(address, holder, nowMs);
    this.#report({ step: 'in-use', mac, address, holder });
    return true;
  }
}
