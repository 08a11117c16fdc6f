import { BootwrightError } from '../errors.ts';
import { shownText } from './names.ts';
import { parseOptionNumber, plainBlockBytes } from './options.ts';
import { errorCodes, type Options, type Packet } from './packet.ts';

/** One file on its way from a server to us. Blocks are counted from 1 and never wrap. */
export interface Reception {
  readonly phase: 'asking' | 'receiving' | 'ended';
  /** As text, for errors. */
  readonly server: string;
  readonly path: string;
  readonly asked: Options;
  readonly blockSizeBytes: number;
  readonly windowBlocks: number;
  /** The size that the server announced (RFC 2349 §3). */
  readonly announcedBytes?: number;
  readonly receivedBlock: number;
  readonly receivedBytes: number;
  readonly acknowledgedBlock: number;
  /** The gap after `receivedBlock` has been told to the server. */
  readonly gapTold: boolean;
  readonly retries: number;
}

export type ReceptionEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'packet'; readonly packet: Packet }
  | { readonly kind: 'silence' };

export type ReceptionEffect =
  | { readonly kind: 'send'; readonly packet: Packet }
  /** The next bytes of the file. */
  | { readonly kind: 'deliver'; readonly bytes: Uint8Array }
  /** Start the clock anew. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'end'; readonly error?: BootwrightError };

type Stepped = readonly [Reception, readonly ReceptionEffect[]];

const retryMs = [1000, 2000, 4000, 8000, 8000] as const;
/** Within a window the next block is on its way already: if it does not come, it was lost. */
const withinWindowMs = 200;
/** After a block that we have or can't use yet: the server sends more of them; answer when it stops. */
const quietMs = 50;

export function newReception(server: string, path: string, asked: Options): Reception {
  return {
    phase: 'asking',
    server,
    path,
    asked,
    blockSizeBytes: plainBlockBytes,
    windowBlocks: 1,
    receivedBlock: 0,
    receivedBytes: 0,
    acknowledgedBlock: 0,
    gapTold: false,
    retries: 0,
  };
}

export function step(reception: Reception, event: ReceptionEvent): Stepped {
  if (reception.phase === 'ended') return [reception, []];
  switch (event.kind) {
    case 'started':
      return sendAgain(reception);
    case 'packet':
      return packetCame(reception, event.packet);
    case 'silence':
      return silence(reception);
  }
}

function packetCame(reception: Reception, packet: Packet): Stepped {
  const { server, path, phase, receivedBlock } = reception;
  switch (packet.kind) {
    case 'error': {
      const { errorCode, message } = packet;
      const text = shownText(message);
      return end(reception, new BootwrightError('TFTP_REFUSED', { server, path, errorCode, text }));
    }
    case 'options':
      if (phase === 'asking') return takeOptions(reception, packet.options);
      // Our ACK of it was lost.
      return receivedBlock === 0 ? acknowledge(reception) : [reception, []];
    case 'data':
      // A server that knows no options begins with DATA at once (RFC 2347).
      return phase === 'asking' && packet.block !== 1
        ? [reception, []]
        : dataCame({ ...reception, phase: 'receiving' }, packet.block, packet.bytes);
    case 'read':
    case 'write':
    case 'acknowledgement':
      return [reception, []];
  }
}

function takeOptions(reception: Reception, options: Options): Stepped {
  const { server, asked } = reception;
  for (const [name, text] of options) {
    const limit = parseOptionNumber(asked.get(name));
    const value = parseOptionNumber(text);
    const smaller = limit !== undefined && value !== undefined && value > 0 && value <= limit;
    if (limit === undefined || value === undefined || (name !== 'tsize' && !smaller)) {
      const error = new BootwrightError('TFTP_BAD_OPTIONS', {
        server,
        option: shownText(name),
        value: shownText(text),
      });
      return end(reception, error, { errorCode: errorCodes.optionsRefused, message: 'an option was not asked for' });
    }
  }
  const announcedBytes = parseOptionNumber(options.get('tsize'));
  return acknowledge({
    ...reception,
    phase: 'receiving',
    blockSizeBytes: parseOptionNumber(options.get('blksize')) ?? plainBlockBytes,
    windowBlocks: parseOptionNumber(options.get('windowsize')) ?? 1,
    ...(announcedBytes === undefined ? {} : { announcedBytes }),
  });
}

function dataCame(reception: Reception, wireBlock: number, bytes: Uint8Array): Stepped {
  const { blockSizeBytes, windowBlocks, receivedBlock, acknowledgedBlock } = reception;
  const distance = (wireBlock - receivedBlock) & 0xffff;
  if (distance !== 1) return outOfOrder(reception, distance);
  if (bytes.byteLength > blockSizeBytes) {
    const text = `a block of ${bytes.byteLength} bytes, where ${blockSizeBytes} were agreed on`;
    const error = new BootwrightError('TFTP_MALFORMED', { reason: text });
    return end(reception, error, { errorCode: errorCodes.illegalOperation, message: text });
  }
  const longer: Reception = {
    ...reception,
    receivedBlock: receivedBlock + 1,
    receivedBytes: reception.receivedBytes + bytes.byteLength,
    gapTold: false,
    retries: 0,
  };
  const deliver: ReceptionEffect = { kind: 'deliver', bytes };
  if (bytes.byteLength < blockSizeBytes) return lastCame(longer, deliver);
  if (longer.receivedBlock - acknowledgedBlock < windowBlocks) {
    return [longer, [deliver, { kind: 'wait', delayMs: withinWindowMs }]];
  }
  const [next, effects] = acknowledge(longer);
  return [next, [deliver, ...effects]];
}

function lastCame(reception: Reception, deliver: ReceptionEffect): Stepped {
  const { announcedBytes, receivedBytes, server, path } = reception;
  const [acknowledged, [send]] = acknowledge(reception);
  const error =
    announcedBytes === undefined || announcedBytes === receivedBytes
      ? undefined
      : new BootwrightError('TFTP_WRONG_SIZE', { server, path, announcedBytes, receivedBytes });
  const [ended, effects] = end(acknowledged, error);
  return [ended, send === undefined ? [deliver, ...effects] : [deliver, send, ...effects]];
}

function outOfOrder(reception: Reception, distance: number): Stepped {
  const { windowBlocks, gapTold } = reception;
  if (windowBlocks === 1) {
    // The server sends its block again because our ACK of it was lost; older blocks are echoes.
    return distance === 0 && reception.receivedBlock > 0 ? acknowledge(reception) : [reception, []];
  }
  const quietly: ReceptionEffect = { kind: 'wait', delayMs: quietMs };
  const ahead = distance > 1 && distance <= windowBlocks;
  if (!ahead || gapTold) return [reception, [quietly]];
  // RFC 7440 §4: tell of a gap at once, and once only.
  const [told, [send]] = acknowledge({ ...reception, gapTold: true });
  return [told, send === undefined ? [quietly] : [send, quietly]];
}

function acknowledge(reception: Reception): Stepped {
  const { receivedBlock, retries } = reception;
  const packet: Packet = { kind: 'acknowledgement', block: receivedBlock & 0xffff };
  const delayMs = retryMs[retries] ?? retryMs[0];
  return [
    { ...reception, acknowledgedBlock: receivedBlock },
    [
      { kind: 'send', packet },
      { kind: 'wait', delayMs },
    ],
  ];
}

function silence(reception: Reception): Stepped {
  const { server, path, receivedBytes } = reception;
  const retries = reception.retries + 1;
  if (retries < retryMs.length) return sendAgain({ ...reception, retries, gapTold: false });
  const waitedMs = retryMs.reduce((sum, delayMs) => sum + delayMs, 0);
  return end(reception, new BootwrightError('TFTP_TIMED_OUT', { server, path, receivedBytes, waitedMs }));
}

function sendAgain(reception: Reception): Stepped {
  if (reception.phase !== 'asking') return acknowledge(reception);
  const { path, asked, retries } = reception;
  const packet: Packet = { kind: 'read', path, mode: 'octet', options: asked };
  return [
    reception,
    [
      { kind: 'send', packet },
      { kind: 'wait', delayMs: retryMs[retries] ?? retryMs[0] },
    ],
  ];
}

function end(
  reception: Reception,
  error?: BootwrightError,
  refusal?: { readonly errorCode: number; readonly message: string },
): Stepped {
  const last: ReceptionEffect = { kind: 'end', ...(error === undefined ? {} : { error }) };
  const ended: Reception = { ...reception, phase: 'ended' };
  return [ended, refusal === undefined ? [last] : [{ kind: 'send', packet: { kind: 'error', ...refusal } }, last]];
}
