import { setTimeout as sleep } from 'node:timers/promises';
import type { SerialConsole } from '../boot/serial.ts';
import type { Story } from './story.ts';

/** The last state of curl's meter on the console, in percent. */
function downloadedPercent(text: string): number {
  const states = [...text.matchAll(/^ *(\d{1,3}) +[\d.]+[kMG]? +\d{1,3} +[\d.]+[kMG]? .*:/gm)];
  return Number(states.at(-1)?.[1] ?? 0);
}

/**
 * Shows how much of the live image the machine has fetched, until `isServed` says that it has it all: its console lags
 * behind.
 */
export async function showDownload(console: SerialConsole, story: Story, isServed: () => boolean): Promise<void> {
  await console.waitFor(/% Total +% Received/, 240_000);
  for (let looks = 0; looks < 600 && !isServed(); looks += 1) {
    story.running('ISO', `on its way: ${downloadedPercent(console.text)} %`);
    await sleep(100);
  }
}
