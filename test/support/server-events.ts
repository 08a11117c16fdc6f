import { setTimeout as sleep } from 'node:timers/promises';
import type { BootEvent } from '../../src/boot/timeline.ts';

/** A program that runs, as execa gives it. */
interface RunningServer extends Promise<unknown> {
  iterable(): AsyncIterable<unknown>;
}

/** What servers tell that run as dhcp-server.ts or dhcp6-server.ts: an event a line, the first of them `listening`. */
export class ServerEvents {
  readonly all: BootEvent[] = [];

  /** Resolves once the server listens; takes in what it tells from then on. */
  of(server: RunningServer): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      server.then(() => reject(new Error('the server ended')));
      (async () => {
        for await (const line of server.iterable()) {
          const event = JSON.parse(String(line));
          if (event.step === 'listening') resolve();
          else this.all.push(event);
        }
      })().catch(reject);
    });
  }

  /** Waits for so many events, up to five seconds. */
  async heard(step: BootEvent['step'], count = 1): Promise<readonly BootEvent[]> {
    for (let tries = 0; tries < 100; tries += 1) {
      const found = this.all.filter((event) => event.step === step);
      if (found.length >= count) return found;
      await sleep(50);
    }
    throw new Error(`no "${step}" among ${JSON.stringify(this.all)}`);
  }
}
