import { connect as connectByTls } from 'node:tls';
import { dial, leave, request } from './http-line.ts';
import { type Kinds, pause, type Visit } from './kind.ts';
import { large, ports } from './place.ts';

/** The first bytes of a ClientHello: a record of handshake, 512 bytes of which the rest never comes. */
const hello = Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03);

const stopped: Visit = async (random, signal) => {
  const socket = await dial(random, ports.https);
  if (socket === undefined) return 0;
  const first = random.int(3);
  if (first === 0) socket.write(hello);
  else if (first === 1) socket.write(random.bytes(1 + random.int(2000)));
  await pause(random.int(1000), signal);
  leave(socket, random);
  return 1;
};

const plain: Visit = async (random, signal) => {
  const socket = await dial(random, ports.https);
  if (socket === undefined) return 0;
  socket.resume().write(request(large));
  await pause(random.int(300), signal);
  leave(socket, random);
  return 1;
};

/** Goes at any moment: in the handshake, or while the file is being sent. */
const gone: Visit = async (random, signal) => {
  const socket = await dial(random, ports.https);
  if (socket === undefined) return 0;
  const secure = connectByTls({ socket, rejectUnauthorized: false });
  secure.on('error', () => {});
  secure.once('secureConnect', () => secure.resume().write(request(large)));
  await pause(random.int(random.once(2) ? 20 : 500), signal);
  leave(socket, random);
  secure.destroy();
  return 1;
};

/** Abuse of HTTPS. */
export const tlsKinds: Kinds = {
  'https: a handshake that stops': { visit: stopped },
  'https: plain HTTP': { visit: plain },
  'https: gone at any moment': { visit: gone },
};
