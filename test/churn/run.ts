import { createReadStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startBeside } from './beside.ts';
import type { CrowdOrders, CrowdReport } from './crowd.ts';
import { type Ground, prepareGround } from './ground.ts';
import type { HealthyReport } from './healthy.ts';
import { type Findings, inMiB, judge } from './judge.ts';
import { descriptorsOf, type Stock, takeStock } from './stock.ts';

interface ChurnOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Only kinds of abuse whose names begin so. */
  readonly only?: string;
  /** Where the server's log is copied to in the end. */
  readonly keepLog?: string;
  readonly say?: (line: string) => void;
}

interface ChurnResult extends Findings {
  readonly crowd: CrowdReport;
  /** What is wrong. */
  readonly wrong: readonly string[];
  readonly quietSeconds: number;
  /** Lines of the log by what they are about. */
  readonly logLines: Readonly<Record<string, number>>;
  /** Memory in MiB, once in five seconds. */
  readonly memory: readonly number[];
}

const visitors = 24;
/**
 * When the last client has gone, the server still waits for some: TFTP sends to who was heard up to nine times, the
 * last ones 8 s apart, or as far apart as the client asked for.
 */
const quietLimitMs = (longestTimeout: number) => (45 + 9 * longestTimeout) * 1000;

/** Starts a server, lets everybody loose at it, and compares it with what it was. Needs root, ip, curl and openssl. */
export async function churn({ minutes, seed, only = '', keepLog, say = () => {} }: ChurnOptions): Promise<ChurnResult> {
  const ground = await prepareGround();
  try {
    return await churnOn(ground, { minutes, seed, only, say });
  } finally {
    if (keepLog !== undefined) await copyFile(ground.logFile, keepLog);
    await ground.remove();
  }
}

async function churnOn(
  ground: Ground,
  { minutes, seed, only, say }: Required<Omit<ChurnOptions, 'keepLog'>>,
): Promise<ChurnResult> {
  const { pid } = ground;
  const isLong = minutes >= 5;
  const orders: CrowdOrders = {
    seed,
    visitors,
    serverMac: ground.serverMac,
    // More than the server remembers of machines; in a short run as few as are soon introduced.
    machines: isLong ? 70_000 : 4000,
    introduces: 'dhcp'.startsWith(only.slice(0, 4)),
    longestTimeout: isLong ? 30 : 2,
    stallMs: isLong ? 60_000 : 10_000,
    https: await hasHttps(ground),
    only,
  };
  const web = orders.https ? 'https' : 'http';

  say('healthy clients alone');
  const first = await alone(ground, web, 3);
  const before = await settled(pid);
  say(`before: ${JSON.stringify(before)}`);

  const crowd = startBeside<CrowdReport>(ground.client, 'crowd.ts', [JSON.stringify(orders)]);
  await crowd.ready;
  say('everybody is let loose');
  const healthy = startBeside<HealthyReport>(ground.client, 'healthy.ts', [web]);
  const watched = await watch(ground, minutes, say);
  const during = await healthy.report();
  const report = await crowd.report();

  say('quiet');
  const quietMs = await quiet(pid, before.descriptors, quietLimitMs(orders.longestTimeout));
  await sleep(2000);
  const idle = takeStock(pid);
  await sleep(3000);
  const idleMs = (takeStock(pid).processorMs - idle.processorMs) / 3;
  const afterwards = ground.ended === undefined ? await alone(ground, web, 2) : { tookMs: {}, failures: [] };
  await quiet(pid, before.descriptors, lingersMs + 5000);
  await sleep(lingersMs);
  const log = await readLog(ground.logFile);
  const findings: Findings = {
    before,
    after: takeStock(pid),
    ...watched,
    idleMs,
    alone: first,
    during,
    afterwards,
    ended: ground.ended,
    complaints: await ground.complaints(),
    errors: log.errors,
    logBytes: await ground.logBytes(),
    minutes,
  };
  return {
    ...findings,
    logLines: log.lines,
    memory: watched.memory,
    crowd: report,
    wrong: judge(findings),
    quietSeconds: Math.round(quietMs / 1000),
  };
}

/** Whether there is HTTPS. */
async function hasHttps({ client }: Ground): Promise<boolean> {
  const { exitCode } = await client.run('curl', ['--silent', '--insecure', 'https://10.77.0.1/healthz'], {
    reject: false,
  });
  return exitCode === 0;
}

/** Some rounds of healthy clients. */
async function alone({ client }: Ground, web: string, rounds: number): Promise<HealthyReport> {
  const { stdout } = await client.run(process.execPath, [`${import.meta.dirname}/healthy.ts`, web, String(rounds)], {
    timeout: 120_000,
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(String(stdout)) as HealthyReport;
}

/**
 * What is kept a little longer than it is used (the socket that asks by ARP, for 10 s; memory, until nothing has happened
 * for as long) is given back after that.
 */
const lingersMs = 12_000;

/** The stock once no descriptor has come or gone for long enough. */
async function settled(pid: number): Promise<Stock> {
  let last = takeStock(pid);
  for (let sinceMs = 0, left = 60; left > 0 && sinceMs < lingersMs; left -= 1) {
    await sleep(1000);
    const stock = takeStock(pid);
    sinceMs = isDeepStrictEqual(stock.descriptors, last.descriptors) ? sinceMs + 1000 : 0;
    last = stock;
  }
  return last;
}

/** The memory while they are there: warm is what it had after a quarter of the time, or a minute. */
async function watch(ground: Ground, minutes: number, say: (line: string) => void) {
  const memory: number[] = [];
  const seconds = minutes * 60;
  const warmAt = Math.min(seconds / 4, 60);
  const warm: number[] = [];
  let peakBytes = 0;
  let { processorMs } = takeStock(ground.pid);
  for (let second = 1; second <= seconds && ground.ended === undefined; second += 1) {
    await sleep(1000);
    const stock = takeStock(ground.pid);
    const { memoryBytes, descriptors, threads } = stock;
    peakBytes = Math.max(peakBytes, memoryBytes);
    if (second <= warmAt) warm.push(memoryBytes);
    if (second % 5 === 0) memory.push(Math.round(memoryBytes / 2 ** 20));
    if (second % 10 !== 0) continue;
    const open = Object.values(descriptors).reduce((sum, count) => sum + count, 0);
    const busy = Math.round((stock.processorMs - processorMs) / 100);
    processorMs = stock.processorMs;
    say(`${second} s: ${inMiB(memoryBytes)}, ${open} descriptors, ${threads} threads, ${busy} % of a processor`);
  }
  return { memory, peakBytes, warmBytes: Math.max(...warm) };
}

/** Waits until the descriptors are those of before; how long that took. */
async function quiet(pid: number, wanted: Readonly<Record<string, number>>, limitMs: number): Promise<number> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < limitMs && !isDeepStrictEqual(descriptorsOf(pid), wanted)) await sleep(500);
  return performance.now() - startedMs;
}

interface ReadLog {
  /** Lines by what they are about. */
  readonly lines: Readonly<Record<string, number>>;
  /** Of failures of the server, the first few. */
  readonly errors: readonly string[];
}

async function readLog(logFile: string): Promise<ReadLog> {
  const lines: Record<string, number> = {};
  const errors: string[] = [];
  for await (const line of createInterface({ input: createReadStream(logFile) })) {
    const { level, step, protocol, outcome } = JSON.parse(line) as Record<string, string | number | undefined>;
    const kind = [step, protocol, outcome].filter((word) => word !== undefined).join(' ') || 'other';
    lines[kind] = (lines[kind] ?? 0) + 1;
    const isError = Number(level) >= 50 || /Bootwright failed|TypeError|RangeError/.test(line);
    if (isError && errors.length < 10) errors.push(line);
  }
  return { lines, errors };
}
