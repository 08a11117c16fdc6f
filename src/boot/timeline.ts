/** What happens to a machine on its way, step by step. Every server reports these and nothing else. */
export type BootEvent =
  | {
      readonly step: 'offered' | 'acknowledged';
      readonly mac: string;
      readonly address: string;
      /** Absent for an ordinary client. */
      readonly bootFile?: string;
      /** Text of option 60, where there is one. */
      readonly vendorClass?: string;
    }
  | { readonly step: 'refused'; readonly mac: string; readonly address: string; readonly reason: string }
  | { readonly step: 'released' | 'declined'; readonly mac: string; readonly address: string }
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
      readonly protocol: 'dhcp' | 'tftp';
      readonly address: string;
      readonly reason: string;
    };

export type Report = (event: BootEvent) => void;
