/**
 * The server that does nothing: it holds one file in memory and answers every request with the range of it that was
 * asked for. No limits, no log, no cache, no other file: what the client takes from it is what the link carries.
 *
 *     node benchmarks/storm-blaster.ts <address> <port> <file>
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [, , address = '', port = '', path = ''] = process.argv;
const file = readFileSync(path);

const server = createServer((socket) => {
  let asked = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    asked += bytes.toString('latin1');
    const end = asked.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [, first = '0', last = '0'] = /^range: bytes=(\d+)-(\d+)/im.exec(asked) ?? [];
    asked = asked.slice(end + 4);
    const body = file.subarray(Number(first), Number(last) + 1);
    socket.cork();
    socket.write(
      `HTTP/1.1 206 Partial Content\r\nContent-Length: ${body.length}\r\n` +
        `Content-Range: bytes ${first}-${last}/${file.length}\r\n\r\n`,
    );
    // As one write: the kernel takes what it can, and libuv the rest, without another turn of ours.
    socket.write(body);
    socket.uncork();
  });
});
server.listen({ host: address, port: Number(port), backlog: 4096 }, () => console.log('listening'));
