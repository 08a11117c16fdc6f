import type { Firmware, Shape } from './firmware.ts';

/**
 * The shape of offer with which a machine is known to boot. One for each machine and kind of firmware (a ROM, and the
 * iPXE that it loads, are two).
 */
export interface KnownShape {
  readonly mac: string;
  readonly firmware: Firmware;
  readonly shape: Shape;
  /** `false`: it did, and does so no longer; what is kept of it on disk may go. */
  readonly worked: boolean;
}

/** Who asks, in one DHCP message. */
export interface ShapeAsker {
  readonly mac: string;
  readonly firmware: Firmware;
  /** DHCP's xid. */
  readonly transaction: number;
}

export interface GivenShape {
  readonly shape: Shape;
  /** Set in the one answer in which it changes: what was tried before, with how many DISCOVERs. */
  readonly changed?: { readonly from: Shape; readonly discovers: number };
}

/** Which shape of offer each machine gets: the next one where the last was heard and nothing came of it. */
export class ShapeBook {
  constructor(_known: readonly KnownShape[]) {}

  /** The shape of this answer; `shapes` in the order of trying, at least one. */
  shapeFor(_asker: ShapeAsker, shapes: readonly Shape[], _nowMs: number, _isDiscover: boolean): GivenShape {
    return { shape: shapes[0] ?? 'direct' };
  }

  /** The machine asked for a file: its shape works. Returned where that is news. */
  transferred(_mac: string, _nowMs: number): KnownShape | undefined {
    return undefined;
  }

  /** What changed since the last time. `worked: false` takes a machine's row away. */
  takeUnsaved(): readonly KnownShape[] {
    return [];
  }

  /** What could not be saved stays for the next time. */
  restoreUnsaved(_shapes: readonly KnownShape[]): void {}
}
