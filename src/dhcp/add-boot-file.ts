import { type Firmware, firmwareTable, type Shape } from '../boot/firmware.ts';
import type { BootAnswer } from '../boot/plan.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import { readOption } from './options.ts';
import { fileBytes, noAddress } from './packet.ts';
import { raspberryPiMenu, vendorOptionsOf } from './pxe-options.ts';
import { type FirmwareRead, readFirmware } from './read-firmware.ts';

/** Option 67 within one option, and its NUL: EDK2 does not join pieces (PxeBcDhcp4.c, PxeBcParseDhcp4Options). */
const longestName = 254;

/** Without it iPXE waits two seconds for the offer of a proxy (src/net/udp/dhcp.c; option 175.176, `no-pxedhcp`). */
const noProxyWait = Uint8Array.of(176, 1, 1);

/** Names the boot file to firmware that we give an address. */
export const addBootFile: ReplyStep = (draft, exchange) => {
  if (draft.reply !== 'offer' && draft.reply !== 'ack') return draft;
  const read = readFirmware(exchange.request.options, exchange.mac);
  if (read === undefined) return draft;
  const address = draft.address === noAddress ? exchange.request.ciaddr : draft.address;
  const found = findBootFile(read, exchange, address);
  if ('reason' in found) return withoutFile(draft, exchange, `it gets an address, but ${found.reason}`);
  return nameBootFile(draft, exchange, found);
};

/** A boot file, and how it is to be named. */
export interface Named {
  readonly firmware: Firmware;
  readonly kind: FirmwareRead['kind'];
  /** A path, or a URL. */
  readonly name: string;
  readonly shapes: readonly Shape[];
}

/** What there is for this firmware to boot, or why there is nothing. */
export function findBootFile(
  { firmware, kind, vendorClass, text }: FirmwareRead,
  { mac, request, network, bootFor }: Exchange,
  address: string,
): Named | { readonly reason: string } {
  if (firmware === undefined) return { reason: `there is no boot file for ${text}` };
  const answer = bootFor({ mac, transaction: request.xid, firmware, vendorClass, address });
  if ('reason' in answer) return answer;
  const name = nameOf(answer, kind, network);
  // Some read only the field `file`, which a URL may overrun: who takes URLs reads option 67.
  const longest = isUrl(name) ? longestName : fileBytes - 1;
  if (name.length > longest) {
    return { reason: `the name of its boot file is longer than the ${longest} bytes that DHCP has for it: ${name}` };
  }
  const { shapes, proxyShapes } = firmwareTable[firmware];
  const usable = network.mode === 'proxy' ? proxyShapes : shapes;
  const wanted = answer.shapes?.filter((shape) => network.mode === 'server' || shape !== 'plain') ?? [];
  return { firmware, kind, name, shapes: wanted.length > 0 ? wanted : usable };
}

/**
 * Every place is filled, since each kind of firmware reads another one: EDK2 takes option 67 before `file`, shim and
 * U-Boot read `file` only. EDK2 takes the server from 43.8, then `siaddr`, then option 54.
 */
export function nameBootFile(draft: Draft, exchange: Exchange, { firmware, kind, name, shapes }: Named): Draft {
  const { mac, nowMs, port, request, network, shapeFor, type } = exchange;
  const asker = { mac, firmware, transaction: request.xid };
  const { shape, changed } = shapeFor(asker, shapes, nowMs, type === 'discover' && port === 'server');
  const news = changed === undefined ? [] : [{ step: 'reshaped', mac, to: shape, ...changed } as const];
  return {
    ...draft,
    nextServer: network.serverAddress,
    file: name.length < fileBytes ? name : '',
    options: {
      ...draft.options,
      ...shapeOptions(firmware, kind, shape, network.serverAddress),
      ...(kind === 'ipxe' && network.mode === 'server' ? { ipxe: noProxyWait } : {}),
      machineIdentifier: readOption(request.options, 'machineIdentifier'),
      tftpServerName: network.serverAddress,
      // The last option: EDK2 writes a NUL behind it (PxeBcDhcp4.c).
      bootFile: name,
    },
    events: [...draft.events, ...news],
  };
}

/** Option 60 is what marks an offer as one for PXE or HTTP Boot, and 43 says what to do with it. */
function shapeOptions(firmware: Firmware, kind: FirmwareRead['kind'], shape: Shape, server: string) {
  if (kind === 'http') return { vendorClass: 'HTTPClient' };
  if (firmware === 'raspberry-pi') return { vendorClass: 'PXEClient', vendorOptions: raspberryPiMenu };
  if (shape === 'plain') return {};
  return { vendorClass: 'PXEClient', vendorOptions: vendorOptionsOf(shape, server) };
}

function nameOf({ bootFile, by }: BootAnswer, kind: FirmwareRead['kind'], network: Exchange['network']): string {
  if (isUrl(bootFile) || (by === 'tftp' && kind !== 'http')) return bootFile;
  const port = network.httpPort === 80 ? '' : `:${network.httpPort}`;
  return `http://${network.serverAddress}${port}/${bootFile}`;
}

function isUrl(name: string): boolean {
  return name.includes('://');
}

/** Said once for a boot: at its DISCOVER. */
function withoutFile(draft: Draft, { mac, type }: Exchange, reason: string): Draft {
  if (type !== 'discover') return draft;
  return { ...draft, events: [...draft.events, { step: 'not-answered', mac, reason }] };
}
