/**
 * Everything that is fast beside those who are known for it, by turns in one run:
 *
 *     npm run bench [-- [--rounds N] [http] [tftp] [latency] [dhcp] [build]]
 *
 * Prints medians, their ratio, and the bound that it is held to, where there is one. Ends with 0 also where a bound is
 * missed: a benchmark is no test. Needs root, for network namespaces and dnsmasq's port.
 */
import { parseArgs } from 'node:util';
import { measureBuild } from './build.ts';
import { type Comparison, header, holds, line, type Part } from './comparison.ts';
import { measureDhcp } from './dhcp.ts';
import { measureHttp, measureHttps } from './http.ts';
import { measureLatency } from './latency.ts';
import { measureTftp } from './tftp.ts';

const parts: Readonly<Record<string, Part>> = {
  http: { title: 'HTTP', measure: measureHttp },
  https: { title: 'HTTPS', measure: measureHttps },
  tftp: { title: 'TFTP', measure: measureTftp },
  latency: { title: 'Answers under load', measure: measureLatency },
  dhcp: { title: 'DHCP', measure: measureDhcp },
  build: { title: 'Building', measure: measureBuild },
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string' } } });
const rounds = Number(values.rounds ?? 3);
const unknown = positionals.find((name) => parts[name] === undefined);

if (unknown !== undefined || !(rounds >= 1)) {
  console.error(`usage: npm run bench [-- [--rounds N] [${Object.keys(parts).join('] [')}]]`);
  process.exitCode = 2;
} else {
  const missed: string[] = [];
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  for (const [name, { title, measure }] of Object.entries(parts)) {
    if (stopped) break;
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.log(`\n${header(title)}`);
    const startedMs = performance.now();
    const say = (comparison: Comparison) => {
      // What the part has started is ended on the way out.
      if (stopped) throw new Error('stopped');
      console.log(line(comparison));
      if (!holds(comparison)) missed.push(line(comparison));
    };
    await measure(say, rounds).catch((error: unknown) => console.log(`not measured: ${String(error)}`));
    console.log(`measured in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  }
  console.log(missed.length === 0 ? '\nAll bounds hold.' : `\nMissed:\n${missed.join('\n')}`);
}
