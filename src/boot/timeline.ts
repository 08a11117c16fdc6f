import type { Shape } from './firmware.ts';

/** What happens to a machine on its way, step by step. Every server reports these and nothing else. */
export type BootEvent =
  | {
      readonly step: 'offered' | 'acknowledged';
      readonly mac: string;
      /** `0.0.0.0` where another server gives the address, and we the boot file only (proxy mode). */
      readonly address: string;
      /** Absent for an ordinary client. A path, or a URL. */
      readonly bootFile?: string;
      /** The relay agent that it asks through, where there is one. */
      readonly relay?: string;
      /** Text of option 60, where there is one. */
      readonly vendorClass?: string;
    }
  | { readonly step: 'refused'; readonly mac: string; readonly address: string; readonly reason: string }
  | { readonly step: 'released' | 'declined'; readonly mac: string; readonly address: string }
  /** Before it was offered to the machine, `holder` (a MAC address) answered for the address: it is set aside. */
  | { readonly step: 'in-use'; readonly mac: string; readonly address: string; readonly holder: string }
  /** Another DHCP server, which a machine took an offer of, or which answered when we looked. */
  | { readonly step: 'rival'; readonly interface: string; readonly server: string; readonly mac?: string }
  /** It asked `discovers` times without fetching anything: its offers look otherwise from now on. */
  | {
      readonly step: 'reshaped';
      readonly mac: string;
      readonly from: Shape;
      readonly to: Shape;
      readonly discovers: number;
    }
  /** It fetches something after such an offer. */
  | { readonly step: 'shape-worked'; readonly mac: string; readonly shape: Shape }
  | { readonly step: 'not-answered'; readonly mac: string; readonly reason: string }
  | {
      readonly step: 'served';
      readonly protocol: 'tftp' | 'http';
      /** Who asked. */
      readonly address: string;
      /** As it was asked for. */
      readonly path: string;
      readonly sizeBytes: number;
      readonly sentBytes: number;
      readonly durationMs: number;
      /** `probed`: the client only asked for the size (EDK2 does, then aborts with ERROR 8), no failure. */
      readonly outcome: 'complete' | 'probed' | 'aborted' | 'timed-out' | 'failed';
      readonly detail?: string;
    }
  | { readonly step: 'missing'; readonly protocol: 'tftp' | 'http'; readonly address: string; readonly path: string }
  | {
      readonly step: 'malformed';
      readonly protocol: 'dhcp' | 'dhcp6' | 'tftp';
      readonly address: string;
      readonly reason: string;
    };

export type Report = (event: BootEvent) => void;
