import { formatBytes, formatDuration } from '../../src/format.ts';
import { type Costs, type Figures, forecast } from './figures.ts';
import type { Storm } from './storm.ts';

/** Of the bound: time to the last one, over the bytes divided by the link. */
const mostOverLink = 1.1;
const mostBytes = 400 * 1024 * 1024;

function line(what: string, value: string): void {
  console.log(`  ${what.padEnd(43)}${value}`);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
const within = (isSo: boolean): string => (isSo ? 'within' : 'NOT WITHIN');

export function printStorm(storm: Storm, figures: Figures): void {
  const { machines, memory, before, after, settled, linkRates, clientProcessorMs, dropped } = storm;
  const { firstMs, lastMs, linkRate, overLink, processorMs, mainThreadMs } = figures;
  const share = (ms: number) => `${((ms / lastMs) * 100).toFixed(0)} %`;
  console.log(`\n${machines} ${machines === 1 ? 'machine' : 'machines at once'}`);
  line('booted, with every byte checked', `${figures.booted} of ${machines}; ${figures.perMinute.toFixed(0)} a minute`);
  for (const [code, { count, example }] of figures.failures) line(`FAILED ${code}`, `${count}; ${example}`);
  line('first, median, p99, last', [firstMs, figures.medianMs, figures.slowMs, lastMs].map(seconds).join(', '));
  line('the last has address, loaders', [figures.addressMs, figures.loadedMs].map(seconds).join(', '));
  line('bytes by TFTP, by HTTP', `${formatBytes(figures.tftpBytes)}, ${formatBytes(figures.httpBytes)}`);
  if (linkRate !== undefined && overLink !== undefined) {
    const rates = linkRates.map((rate) => (rate / 1e9).toFixed(2)).join(', ');
    line('link, by a server that does nothing', `${(linkRate / 1e9).toFixed(2)} GB/s (the fastest of ${rates})`);
    const bound = `${within(overLink <= mostOverLink)} ${mostOverLink}`;
    line('time to the last, over bytes/link', `${overLink.toFixed(2)} (${bound})`);
  }
  line('processor of the server', `${seconds(processorMs)}; its main thread ${share(mainThreadMs)} of the time`);
  line('processor of the machines', `${seconds(clientProcessorMs)}, ${share(clientProcessorMs)} of the time`);
  const over = memory.residentBytes.map(mebibytes).join(', ');
  line('memory: start, quarters, end (MiB)', over);
  const { peakBytes } = memory;
  line(
    'memory at most, and afterwards',
    `${formatBytes(peakBytes)} (${within(peakBytes < mostBytes)} 400 MiB), ${formatBytes(settled.residentBytes)}`,
  );
  line(
    'descriptors before, behind the last, then',
    [before, after, settled].map((seen) => seen.descriptors).join(', '),
  );
  const lost = Object.entries(dropped).map(([name, count]) => `${name} ${count}`);
  line('the kernel of the server counts', lost.length === 0 ? 'nothing lost' : lost.join(', '));
}

/** How each grows with the number of machines. */
export function printGrowth(all: readonly { readonly storm: Storm; readonly figures: Figures }[]): void {
  const columns = [
    'machines',
    'failed',
    'a minute',
    'first',
    'median',
    'p99',
    'last',
    'over link',
    'MiB at most',
    'ms each',
  ];
  console.log(`\n${columns.map((name) => name.padStart(13)).join('')}`);
  for (const { storm, figures } of all) {
    const { machines, booted, firstMs, medianMs, slowMs, lastMs, overLink, processorMs } = figures;
    const cells = [
      machines,
      machines - booted,
      figures.perMinute.toFixed(0),
      ...[firstMs, medianMs, slowMs, lastMs].map(seconds),
      overLink?.toFixed(2) ?? '-',
      mebibytes(storm.memory.peakBytes),
      (processorMs / machines).toFixed(0),
    ];
    console.log(cells.map((cell) => String(cell).padStart(13)).join(''));
  }
}

const manyMachines = 10_000;
const links = [1, 10, 100];

/** By arithmetic alone: nobody here has ten thousand machines. */
export function printForecast(costs: Costs, bytesEach: number): void {
  const { machineMs, gigabyteMs } = costs;
  console.log(
    `\n${manyMachines} machines of ${formatBytes(bytesEach)} each, by arithmetic: the main thread takes ` +
      `${machineMs.toFixed(1)} ms a machine and ${gigabyteMs.toFixed(0)} ms a gigabyte`,
  );
  console.log('   Gbit/s       on the wire    of processor   addresses, loaders   bottleneck   machines a minute');
  for (const linkGbit of links) {
    const { linkSeconds, processorSeconds, loadedSeconds, bottleneck } = forecast(
      costs,
      manyMachines,
      bytesEach,
      linkGbit,
    );
    const cells = [linkSeconds, processorSeconds].map((value) => formatDuration(value * 1000).padStart(16)).join('');
    const perMinute = (manyMachines * 60) / Math.max(linkSeconds, processorSeconds);
    console.log(
      `${String(linkGbit).padStart(9)}  ${cells}${formatDuration(loadedSeconds * 1000).padStart(21)}` +
        `${bottleneck.padStart(13)}${perMinute.toFixed(0).padStart(20)}`,
    );
  }
}
