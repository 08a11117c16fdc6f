import { once } from 'node:events';
import { connect } from 'node:net';

interface RawAnswer {
  /** The status line. */
  readonly status: string;
  /** As they were sent: in order, in their letter case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Sends bytes as they are on one connection, and gives everything that came back until the server closed it. */
export async function sendRaw(port: number, text: string, waitMs = 5000): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1').setTimeout(waitMs, () => socket.destroy());
  socket.write(text, 'latin1');
  let heard = '';
  socket.on('data', (data: string) => {
    heard += data;
  });
  // A reset is an answer too: the empty one.
  socket.on('error', () => {});
  await once(socket, 'close');
  return heard;
}

/** The answers that follow one another on a connection, told apart by Content-Length as GRUB does. */
export function readAnswers(heard: string, methods: readonly string[]): RawAnswer[] {
  let rest = heard;
  return methods.map((method) => {
    const end = rest.indexOf('\r\n\r\n');
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = lines.map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    });
    const length = Number(headers.find(([name]) => name === 'Content-Length')?.[1] ?? 0);
    const bodyBytes = method === 'HEAD' || status.includes(' 304 ') ? 0 : length;
    const body = rest.slice(end + 4, end + 4 + bodyBytes);
    rest = rest.slice(end + 4 + bodyBytes);
    return { status, headers, body };
  });
}
