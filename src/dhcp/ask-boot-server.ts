import { type BootWord, readBootWord } from './boot-word.ts';
import { type ClientOptions, openLine } from './client-line.ts';
import { bootServerMessage } from './client-messages.ts';
import { readOption } from './options.ts';

/** What firmware asks once it has an address. */
export interface BootQuestion {
  /** Who said to ask there, or whom its menu names; dotted decimal. */
  readonly server: string;
  /** What it picked from the menu: type and layer, 4 bytes. */
  readonly item?: Uint8Array | undefined;
}

/** How long EDK2 waits for each answer (PxeBcDhcp4.c, PxeBcDiscoverBootServer). */
const timeoutsMs: readonly number[] = [1000, 2000, 3000, 4000];

/**
 * Asks a boot server for the boot file, from port 4011 to whatever `localAddress` and `clientPort` are. `address` is the
 * machine's, which this host need not have. `undefined`: no answer. Throws what `Udp.open` throws.
 */
export async function askBootServer(
  options: ClientOptions,
  address: string,
  { server, item }: BootQuestion,
): Promise<BootWord | undefined> {
  const xid = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const line = await openLine({ serverPort: 4011, destination: server, timeoutsMs, ...options }, xid);
  try {
    const answer = await line.exchange(
      () => bootServerMessage(options, { xid, seconds: 0 }, { address, item }),
      ({ options: said }) =>
        readOption(said, 'messageType') === 'ack' && (readOption(said, 'serverIdentifier') ?? server) === server,
    );
    return answer === undefined ? undefined : readBootWord(answer);
  } finally {
    await line.close();
  }
}
