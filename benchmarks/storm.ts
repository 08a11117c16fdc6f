/**
 * So many machines are switched on at once: each walks the whole boot (DHCP, shim and GRUB by TFTP, kernel, initrd and
 * live image by HTTP) from an address of its own, against "bootwright serve" with its default settings, over a veth
 * pair. Every byte is checked: by SHA-256 for the first machine, and for the others, whose large files would cost more to
 * hash than to serve, by comparing them with files that were found to be as the manifest says.
 *
 * The link is measured in the same run: the same client takes the same live image from a server that does nothing else,
 * before and after, over as many connections and over 64; the fastest counts. A storm's own cost is in both.
 *
 *     npm run storm -- [--image-mib 256] [--loader-kib 0] [--link-mib 8192] [machines ...]
 */
import { parseArgs } from 'node:util';
import { costsOf, figuresOf } from './storm/figures.ts';
import { printForecast, printGrowth, printStorm } from './storm/report.ts';
import { type StormOptions, storm } from './storm/storm.ts';

const mebibyte = 1024 * 1024;
/** What is left of a storm when the images are small: the cost of a machine. */
const small = { machines: 100, imageBytes: mebibyte / 4, linkBytes: 0 };
/** Of a live system as distributions make them. */
const usualBytes = 1024 * mebibyte;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'image-mib': { type: 'string', default: '256' },
    'loader-kib': { type: 'string', default: '0' },
    'link-mib': { type: 'string', default: '8192' },
    timeout: { type: 'string', default: '300' },
  },
});

const options = {
  imageBytes: Number(values['image-mib']) * mebibyte,
  loaderBytes: Number(values['loader-kib']) * 1024,
  linkBytes: Number(values['link-mib']) * mebibyte,
  timeoutSeconds: Number(values.timeout),
};

async function run(chosen: StormOptions) {
  const done = await storm(chosen);
  return { storm: done, figures: figuresOf(done) };
}

const counts = positionals.length === 0 ? [1, 10, 100, 1000] : positionals.map(Number);
if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > 60_000)) {
  throw new Error('machines are whole numbers from 1 to 60000');
}
const all = [];
for (const machines of counts) {
  const done = await run({ ...options, machines });
  printStorm(done.storm, done.figures);
  all.push(done);
}
printGrowth(all);
const large = all.at(-1)?.figures;
if (large !== undefined && options.imageBytes > small.imageBytes) {
  const { figures } = await run({ ...options, ...small });
  const costs = costsOf(large, figures);
  for (const bytesEach of new Set([large.httpBytes / large.machines, usualBytes])) printForecast(costs, bytesEach);
}
if (all.some(({ figures }) => figures.booted < figures.machines)) process.exitCode = 1;
