import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Random } from '../fuzz/random.ts';
import { abuserAddresses, ports, serverAddress } from './place.ts';

/** A connection from one of the abusers' addresses; `undefined`: there is none within five seconds. */
export async function dial(
  random: Random,
  port: number = ports.http,
  more: Partial<NetConnectOpts> = {},
): Promise<Socket | undefined> {
  const localAddress = random.pick(abuserAddresses);
  const socket = connect({ host: serverAddress, port, localAddress, allowHalfOpen: true, ...more } as NetConnectOpts);
  socket.on('error', () => {});
  const signal = AbortSignal.timeout(5000);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  }
}

export function request(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} /${path} HTTP/1.1\r\nHost: ${serverAddress}\r\n${lines.join('')}\r\n`;
}

/** Gone without a word, or with a reset. */
export function leave(socket: Socket, random: Random): void {
  if (random.once(2)) socket.destroy();
  else socket.resetAndDestroy();
}
