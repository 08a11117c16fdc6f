import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { controlOfServer, isServerThere } from '../../src/control/client.ts';
import type { Control } from '../../src/control/control.ts';
import { startControlServer } from '../../src/control/server.ts';
import { BootwrightError } from '../../src/errors.ts';
import { describeWith } from '../support/programs.ts';
import { lease, makeOffice } from './office.ts';

const one = '52:54:00:00:00:01';
const two = '52:54:00:00:00:02';

let folder: string;
let path: string;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-control-'));
  path = join(folder, 'control.sock');
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(folder, { recursive: true });
});

async function start(control: Control, at = path) {
  const faults: unknown[] = [];
  const server = await startControlServer({
    folder: join(at, '..'),
    path: at,
    control,
    failed: (error) => faults.push(error),
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  closing.push(close);
  return { client: controlOfServer({ root: '/srv/pxe', path: at }), faults, close };
}

/** One request as it is; the status and the answer. */
function raw(method: string, url: string, body?: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; answer: unknown }>();
  request({ socketPath: path, method, path: url, headers, agent: false }, async (response) => {
    let text = '';
    for await (const part of response) text += part;
    resolve({ status: response.statusCode, answer: JSON.parse(text) });
  })
    .once('error', reject)
    .end(body);
  return promise;
}

const json = { 'content-type': 'application/json' };

describe('a command and a running server', () => {
  it('list, reserve, take back and release', async () => {
    const { control } = makeOffice({ leases: [lease('10.0.0.10', one, { hostName: 'm1' }), lease('fd00::1', two)] });
    const { client } = await start(control);
    expect(await client.leases()).toEqual(await control.leases());
    const { reservation, holder } = await client.reserve({ machine: two, address: '10.0.0.10', hostName: 'm2' });
    expect([reservation.machine, holder?.hostName]).toEqual([two, 'm1']);
    expect(await client.reservations()).toEqual([reservation]);
    expect(await client.release('fd00::1')).toMatchObject({ machine: two, state: 'bound' });
    expect(await client.unreserve('10.0.0.10')).toEqual(reservation);
    expect((await client.leases()).map(({ state }) => state)).toEqual(['bound', 'free']);
  });

  it('what is refused is refused with the same error', async () => {
    const { client } = await start(makeOffice().control);
    const refusal = await client.reserve({ machine: 'me', address: '10.0.0.10' }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BootwrightError);
    expect(refusal).toMatchObject({ code: 'MACHINE_INVALID', data: { machine: 'me' }, exitStatus: 2 });
    await expect(client.release('10.0.0.10/../..')).rejects.toMatchObject({ code: 'ADDRESS_INVALID' });
    await expect(client.unreserve('10.0.0.10')).rejects.toMatchObject({ code: 'RESERVATION_NOT_FOUND' });
  });

  it('a fault of the server is told to both, and the server goes on', async () => {
    const { control } = makeOffice();
    const { client, faults } = await start({ ...control, leases: () => Promise.reject(new TypeError('a fault')) });
    await expect(client.leases()).rejects.toThrow('in the server: a fault');
    expect(faults).toEqual([new TypeError('a fault')]);
    expect(await client.reservations()).toEqual([]);
  });

  it('65,000 leases are listed', async () => {
    const leases = Array.from({ length: 65_000 }, (_, number) =>
      lease(`10.2.${number >> 8}.${number & 255}`, `52:54:00:00:${number >> 8}:${number & 255}`, {
        hostName: 'machine',
      }),
    );
    const { client } = await start(makeOffice({ leases }).control);
    expect(await client.leases()).toHaveLength(65_000);
  });
});

describe('the socket', () => {
  it('belongs to its user alone, and is gone once the server is', async () => {
    const { close } = await start(makeOffice().control);
    const { mode } = await stat(path);
    expect((mode & 0o777).toString(8)).toBe('600');
    expect(await readdir(folder)).toEqual(['control.sock']);
    expect(await isServerThere({ root: folder, path })).toBe(true);
    await close();
    expect(await readdir(folder)).toEqual([]);
    expect(await isServerThere({ root: folder, path })).toBe(false);
  });

  it('takes the place of what a server left that was killed', async () => {
    const leave = "require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 9))";
    await execa(process.execPath, ['-e', leave, path], { reject: false });
    await mkdir(join(folder, 'control.new'));
    await writeFile(join(folder, 'control.new', 'sock'), '');
    expect((await stat(path)).isSocket()).toBe(true);
    expect(await isServerThere({ root: folder, path })).toBe(false);
    const { client } = await start(makeOffice().control);
    expect(await client.leases()).toEqual([]);
    expect(await readdir(folder)).toEqual(['control.sock']);
  });

  it.each([60, 100, 107, 108, 109, 250])('is reached where its path has %i bytes', async (bytes) => {
    const missing = bytes - folder.length - '//control.sock'.length;
    const deep = join(folder, 'd'.repeat(Math.max(missing, 1)));
    await mkdir(deep);
    const at = join(deep, 'control.sock');
    const { client, close } = await start(makeOffice().control, at);
    expect(await isServerThere({ root: deep, path: at })).toBe(true);
    expect(await client.leases()).toEqual([]);
    await close();
    expect(await readdir(deep)).toEqual([]);
  });

  it('where the folder is gone or no folder: nobody is there, and none can be made', async () => {
    const at = join(folder, 'none', 'control.sock');
    await expect(start(makeOffice().control, at)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect(await isServerThere({ root: folder, path: at })).toBe(false);
    await writeFile(join(folder, 'file'), '');
    expect(await isServerThere({ root: folder, path: join(folder, 'file', 'control.sock') })).toBe(false);
    const long = join(folder, 'x'.repeat(200), 'control.sock');
    expect(await isServerThere({ root: folder, path: long })).toBe(false);
  });
});

describeWith({ programs: ['setpriv'], root: true }, 'another user', () => {
  it('is told that it needs permission', async () => {
    await start(makeOffice().control);
    const client = new URL('../../src/control/client.ts', import.meta.url).href;
    const script = `
      const { isServerThere } = await import('${client}');
      await isServerThere({ root: '/srv/pxe', path: '${path}' }).catch((error) => console.log(error.code));
    `;
    await execa('chmod', ['755', folder]);
    const words = ['--reuid=65534', '--clear-groups', process.execPath, '--input-type=module', '-e', script];
    const { stdout } = await execa('setpriv', words);
    expect(stdout).toBe('CONTROL_FORBIDDEN');
  });
});

describe('what is no command of ours', () => {
  it.each<[string, string, string | undefined, Record<string, string>, number]>([
    ['GET', '/', undefined, {}, 404],
    ['PUT', '/leases', undefined, {}, 404],
    ['DELETE', '/leases', undefined, {}, 404],
    ['GET', '/leases/%zz', undefined, {}, 400],
    ['POST', '/reservations', '{', json, 400],
    ['POST', '/reservations', '', json, 400],
    ['POST', '/reservations', undefined, {}, 400],
    ['POST', '/reservations', 'a=b', { 'content-type': 'text/plain' }, 400],
    ['POST', '/reservations', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['POST', '/reservations', '[]', json, 400],
    ['POST', '/reservations', '{"machine":1,"address":"10.0.0.50"}', json, 400],
    ['POST', '/reservations', '{"machine":"a","address":"b","more":1}', json, 400],
    ['POST', '/reservations', `{"machine":"${'a'.repeat(70_000)}"}`, json, 413],
    ['POST', '/reservations', '{"__proto__":{"machine":"a"},"address":"b"}', json, 400],
  ])('%s %s %s', async (method, url, body, headers, status) => {
    await start(makeOffice().control);
    const { answer, ...got } = await raw(method, url, body, headers);
    expect(got.status).toBe(status);
    expect(answer).toEqual({
      code: 'CONTROL_NOT_UNDERSTOOD',
      problem: expect.any(String),
      remedy: expect.any(String),
      data: { reason: expect.any(String) },
    });
  });

  it('never ends in a fault of the server', async () => {
    const { client, faults } = await start(makeOffice().control);
    const wish = fc.record({ machine: fc.string(), address: fc.string(), hostName: fc.string() }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(fc.oneof(wish, fc.jsonValue()), fc.string({ unit: 'binary' }), async (body, address) => {
        const { status } = await raw('POST', '/reservations', JSON.stringify(body), json);
        expect([400, 422]).toContain(status);
        await expect(client.release(address)).rejects.toBeInstanceOf(BootwrightError);
      }),
      { numRuns: 100, seed: 1 },
    );
    expect(faults).toEqual([]);
  });
});

describe('a server of another version', () => {
  async function answering(status: number, body: string): Promise<Control> {
    const server: Server = createHttpServer((_, response) => response.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return controlOfServer({ root: folder, path });
  }

  it.each([
    [200, 'no JSON'],
    [200, '{}'],
    [200, '{"leases":[{"address":1}]}'],
    [500, '[]'],
    [418, 'null'],
  ])('that answers %i %s is not understood', async (status, body) => {
    const client = await answering(status, body);
    await expect(client.leases()).rejects.toMatchObject({ code: 'CONTROL_NOT_UNDERSTOOD' });
  });

  it('may refuse for a reason that is new', async () => {
    const client = await answering(
      409,
      JSON.stringify({ code: 'LEASE_ETERNAL', problem: 'it is for ever', remedy: 'Wait.', data: {} }),
    );
    await expect(client.release('10.0.0.1')).rejects.toMatchObject({
      message: 'the server, of another version, refused with LEASE_ETERNAL: it is for ever',
      remedy: 'Do what it says: "Wait.".',
    });
  });

  it('may say nothing at all', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(path, resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    await expect(controlOfServer({ root: folder, path }).leases()).rejects.toMatchObject({ code: 'CONTROL_NO_ANSWER' });
  });

  it.each(['', 'HTTP/1.1 200 OK\r\n\r\n{"leases":['])('may fall silent behind "%s"', async (beginning) => {
    const server = createServer((socket) => {
      socket.write(beginning);
      closing.push(() => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    closing.push(() => void server.close());
    const soon = AbortSignal.timeout(100);
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(soon);
    await expect(controlOfServer({ root: folder, path }).leases()).rejects.toMatchObject({
      code: 'CONTROL_NO_ANSWER',
      data: { reason: 'its answer did not come in 10 s' },
    });
    expect(timeout).toHaveBeenCalledWith(10_000);
    timeout.mockRestore();
  });
});
