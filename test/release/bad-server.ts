import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers as a test wants it; `asked` are its requests, with the Range header where there was one. */
export async function serveAs(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push([request.url, request.headers.range].filter(Boolean).join(' '));
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    url: `http://127.0.0.1:${port}/manifest.json`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A server that has one text, under every name. */
export function serveText(text: string) {
  return serveAs((_, response) => response.end(text));
}
