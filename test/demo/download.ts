import { setTimeout as sleep } from 'node:timers/promises';
import type { SerialConsole } from '../boot/serial.ts';
import type { Story } from './story.ts';

/** The last state of curl's meter on the console, in percent. */
function downloadedPercent(text: string): number {
  const states = [...text.matchAll(/^ *(\d{1,3}) +[\d.]+[kMG]? +\d{1,3} +[\d.]+[kMG]? .*:/gm)];
  return Number(states.at(-1)?.[1] ?? 0);
}

/** Shows how much of the live image the machine has fetched, until it has it all. */
export async function showDownload(console: SerialConsole, story: Story): Promise<void> {
  await console.waitFor(/% Total +% Received/, 240_000);
  let percent = 0;
  for (let looks = 0; percent < 100 && looks < 600; looks += 1) {
    percent = downloadedPercent(console.text);
    if (percent < 100) story.running('ISO', `on its way: ${percent} %`);
    await sleep(100);
  }
}
