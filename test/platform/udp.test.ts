import { describe, expect, it } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { describeWith } from '../support/programs.ts';

const address = '127.0.0.1';

async function codeOf(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BootwrightError) return error.code;
  throw error ?? new Error('it opened');
}

it('a datagram arrives with who sent it, and an answer gets back', async () => {
  const answered = Promise.withResolvers<string>();
  const server = await nodeUdp.open({ address, port: 0 }, (bytes, from, socket) => {
    socket.send(Buffer.from(`you said ${Buffer.from(bytes)} from ${from.port}`), from);
  });
  const client = await nodeUdp.open({ address, port: 0 }, (bytes) => answered.resolve(Buffer.from(bytes).toString()));
  client.send(Buffer.from('hello'), server.local);
  expect(await answered.promise).toBe(`you said hello from ${client.local.port}`);
  await Promise.all([server.close(), client.close(), client.close()]);
});

it('sending to port 0, after the end, or where nobody listens is no error', async () => {
  const socket = await nodeUdp.open({ address, port: 0 }, () => {});
  const sent = (port: number) => new Promise((resolve) => socket.send(Buffer.from('x'), { address, port }, resolve));
  expect(await sent(0)).toBeInstanceOf(Error);
  await sent(9);
  await sent(9);
  await socket.close();
  expect(await sent(9)).toBeNull();
});

it('a port that is in use, and an address of another machine, are named', async () => {
  const first = await nodeUdp.open({ address, port: 0 }, () => {});
  expect(await codeOf(nodeUdp.open({ address, port: first.local.port }, () => {}))).toBe('UDP_PORT_IN_USE');
  await first.close();
  expect(await codeOf(nodeUdp.open({ address: '192.0.2.1', port: 0 }, () => {}))).toBe('UDP_ADDRESS_NOT_HERE');
});

describeWith({ root: true }, 'a socket that belongs to one interface', () => {
  it('hears and sends there', async () => {
    const heard = Promise.withResolvers<string>();
    const one = await nodeUdp.open({ address: '0.0.0.0', port: 0, interface: 'lo', broadcast: true }, (bytes) =>
      heard.resolve(Buffer.from(bytes).toString()),
    );
    const other = await nodeUdp.open({ address, port: 0, interface: 'lo' }, () => {});
    other.send(Buffer.from('hello'), { address, port: one.local.port });
    expect(await heard.promise).toBe('hello');
    const taken = { address: '0.0.0.0', port: one.local.port, interface: 'lo' };
    expect(await codeOf(nodeUdp.open(taken, () => {}))).toBe('UDP_PORT_IN_USE');
    await Promise.all([one.close(), other.close()]);
  });

  it('needs an interface that is there', async () => {
    const opening = nodeUdp.open({ address: '0.0.0.0', port: 0, interface: 'none0' }, () => {});
    expect(await codeOf(opening)).toBe('INTERFACE_NOT_FOUND');
  });
});

describe('a socket of IPv6', () => {
  it('hears and answers, and leaves IPv4 alone', async () => {
    const answered = Promise.withResolvers<string>();
    const server = await nodeUdp.open({ address: '::', port: 0 }, (bytes, from, socket) => socket.send(bytes, from));
    const other = await nodeUdp.open({ address: '0.0.0.0', port: server.local.port }, () => {});
    const client = await nodeUdp.open({ address: '::1', port: 0 }, (bytes, from) =>
      answered.resolve(`${Buffer.from(bytes)} from ${from.address}`),
    );
    client.send(Buffer.from('hello'), { address: '::1', port: server.local.port });
    expect(await answered.promise).toBe('hello from ::1');
    await Promise.all([server.close(), other.close(), client.close()]);
  });

  it('names an address of another machine', async () => {
    expect(await codeOf(nodeUdp.open({ address: '2001:db8::1', port: 0 }, () => {}))).toBe('UDP_ADDRESS_NOT_HERE');
  });
});

describeWith({ root: true }, 'a socket of IPv6 that belongs to one interface', () => {
  it('hears and sends there', async () => {
    const heard = Promise.withResolvers<string>();
    const one = await nodeUdp.open({ address: '::', port: 0, interface: 'lo', join: ['ff02::1:2'] }, (bytes, from) =>
      heard.resolve(`${Buffer.from(bytes)} from ${from.address}`),
    );
    const other = await nodeUdp.open({ address: '::1', port: 0, interface: 'lo' }, () => {});
    other.send(Buffer.from('hello'), { address: '::1', port: one.local.port });
    expect(await heard.promise).toBe('hello from ::1');
    await Promise.all([one.close(), other.close()]);
  });
});
