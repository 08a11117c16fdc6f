import { createServer, get, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, get as getTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { createAdmission } from '../../src/http/admission.ts';
import { BlockCache, blockBytes, type OpenFile } from '../../src/http/block-cache.ts';
import { type Outcome, sendBody } from '../../src/http/body.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { numberedBytes } from '../support/boot-file-in-memory.ts';
import { describeWith } from '../support/programs.ts';

const address = '127.0.0.1';
const sizeBytes = 6 * blockBytes + 12_345;
/** Files that differ in every byte: whose memory is used too early is seen at once. */
const files = Array.from({ length: 6 }, (_, index) => numberedBytes(sizeBytes).map((byte) => byte ^ (index * 41)));
/** So small that memory is used again all the time. */
const cacheBlocks = 4;

class Serving {
  readonly cache = new BlockCache(cacheBlocks * blockBytes);
  readonly outcomes: Outcome[] = [];
  openFiles = 0;

  readonly answer: RequestListener = async (request, response) => {
    const index = Number(request.url?.slice(1));
    const source = bytesSource(files[index] as Uint8Array);
    const close = async () => {
      this.openFiles -= 1;
    };
    this.openFiles += 1;
    const file: OpenFile = { sha256: `file ${index}`, sizeBytes, source: { ...source, close } };
    response.writeHead(200, { 'Content-Length': sizeBytes });
    const body = { file, parts: [{ start: 0, end: sizeBytes - 1 }], sizeBytes, machine: address };
    this.outcomes.push(await sendBody(body, response, this.cache, this.#admission));
  };

  readonly #admission = createAdmission({ maxTransfers: 3, maxPerMachine: 100, clock: systemClock });

  /** Whether every block can be had, which none could that was not given back. */
  isAllGivenBack(): boolean {
    const file: OpenFile = { sha256: 'another', sizeBytes, source: bytesSource(files[0] as Uint8Array) };
    const loans = Array.from({ length: cacheBlocks }, (_, index) => this.cache.lend(file, index));
    for (const loan of loans) loan?.giveBack();
    return loans.every((loan) => loan !== undefined);
  }
}

type Fetched = 'whole' | 'broken off' | 'wrong';

/** Compares every byte; breaks off in its own way after `stopAfter` bytes. */
function fetchOne(
  over: { readonly get: typeof get; readonly port: number },
  index: number,
  stop?: { readonly after: number; readonly how: 'destroy' | 'reset' },
): Promise<Fetched> {
  const { promise, resolve } = Promise.withResolvers<Fetched>();
  const options = { host: address, port: over.port, path: `/${index}`, agent: false, rejectUnauthorized: false };
  const request = over.get(options, (response) => {
    let position = 0;
    response.on('error', () => resolve('broken off'));
    response.on('data', (chunk: Buffer) => {
      if (!chunk.equals(files[index]?.subarray(position, position + chunk.length) as Uint8Array)) resolve('wrong');
      position += chunk.length;
      if (stop === undefined || position < stop.after) return;
      resolve('broken off');
      // TLS has no such thing.
      if (stop.how === 'reset' && over.get === get) response.socket.resetAndDestroy();
      else response.destroy();
    });
    response.on('end', () => resolve(position === sizeBytes ? 'whole' : 'broken off'));
  });
  request.on('error', () => resolve('broken off'));
  return promise;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}

async function expectWholeFiles(serving: Serving, over: { readonly get: typeof get; readonly port: number }) {
  const fetched = await Promise.all(
    Array.from({ length: 48 }, (_, number) => {
      const how = number % 2 === 0 ? 'destroy' : 'reset';
      const after = ((number * 7919) % 60) * 100_000;
      return fetchOne(over, number % files.length, number % 3 === 0 ? { after, how } : undefined);
    }),
  );
  expect(fetched.filter((one) => one === 'wrong')).toEqual([]);
  expect(fetched.filter((one) => one === 'whole')).toHaveLength(32);
  await expect.poll(() => serving.outcomes.length).toBe(48);
  expect(serving.outcomes.filter(({ outcome }) => outcome === 'complete').length).toBeGreaterThanOrEqual(32);
  expect(serving.outcomes.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  expect(serving.openFiles).toBe(0);
  expect(serving.isAllGivenBack()).toBe(true);
}

it('memory that is used again is never used too early, also where readers vanish', async () => {
  const serving = new Serving();
  const server = createServer(serving.answer);
  await expectWholeFiles(serving, { get, port: await listen(server) });
  server.close();
}, 60_000);

describeWith({ programs: ['openssl'] }, 'over TLS', () => {
  it('memory is not used too early either', async () => {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test'];
    // Both go to the same place, one after the other.
    const { stdout: pem } = await execa('openssl', ['req', '-x509', ...curve, '-keyout', '-', '-out', '-']);
    const serving = new Serving();
    const server = createTlsServer({ key: pem, cert: pem }, serving.answer);
    await expectWholeFiles(serving, { get: getTls as typeof get, port: await listen(server) });
    server.close();
  }, 60_000);
});
