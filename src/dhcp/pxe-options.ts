import type { Shape } from '../boot/firmware.ts';
import { hasCode } from '../errors.ts';
import { parseIpv4 } from '../wire/addresses.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { text } from './option-codecs.ts';

/** Sub-options of option 43, where option 60 begins with `PXEClient`. PXE 2.1, table 2-1. */
const sub = { discoveryControl: 6, bootServers: 8, bootMenu: 9, menuPrompt: 10, bootItem: 71, end: 255 } as const;

/** Bits of sub-option 6. PXE 2.1, table 2-1. */
const discovery = { noBroadcast: 1, noMulticast: 2, bootFromTheFile: 8 } as const;

/** Type of the only boot server that we offer; below 32768 types have a meaning, and 0 boots from the local disk. */
const bootServerType = 0x8000;
const localBoot = 0;
/** Seconds. 0: the first entry is taken at once, without a prompt. */
const noWaiting = 0;

interface Sub {
  readonly code: number;
  readonly bytes: Uint8Array;
}

function encodeSubs(subs: readonly Sub[]): Uint8Array {
  const writer = new Writer();
  for (const { code, bytes } of subs) writer.u8(code).u8(bytes.length).put(bytes);
  return writer.u8(sub.end).finish();
}

/** One entry that is taken at once, behind its prompt. */
function menuOf(type: number, title: string): readonly Sub[] {
  const prompt = new Writer().u8(noWaiting).put(text.encode('PXE')).finish();
  const menu = new Writer().u16(type).u8(title.length).put(text.encode(title)).finish();
  return [
    { code: sub.menuPrompt, bytes: prompt },
    { code: sub.bootMenu, bytes: menu },
  ];
}

const askOnlyTheListed: Sub = {
  code: sub.discoveryControl,
  bytes: Uint8Array.of(discovery.noBroadcast | discovery.noMulticast),
};

const direct = encodeSubs([{ code: sub.discoveryControl, bytes: Uint8Array.of(discovery.bootFromTheFile) }]);

/** Option 43 of an offer of this shape; `undefined`: none. `server` is ours, where port 4011 answers. */
export function vendorOptionsOf(shape: Shape, server: string): Uint8Array | undefined {
  if (shape === 'direct') return direct;
  if (shape !== 'menu') return undefined;
  const servers = new Writer()
    .u16(bootServerType)
    .u8(1)
    .u32(parseIpv4(server) ?? 0)
    .finish();
  return encodeSubs([
    askOnlyTheListed,
    { code: sub.bootServers, bytes: servers },
    ...menuOf(bootServerType, 'Bootwright'),
  ]);
}

/** The words that the boot ROM of a Raspberry Pi looks for; it does nothing else with the menu. */
export const raspberryPiMenu = encodeSubs([askOnlyTheListed, ...menuOf(localBoot, 'Raspberry Pi Boot')]);

/** Option 43 of the answer to who picked `item` from a menu: the same again. PXE 2.1 §2.2. */
export function vendorOptionsOfPick(item: Uint8Array): Uint8Array {
  return encodeSubs([{ code: sub.bootItem, bytes: item }]);
}

/**
 * What a machine picked from a boot menu, by the option 43 that it sent: type and layer, 4 bytes. `undefined` where it
 * picked nothing, or where the option holds something else.
 */
export function pickedItem(vendorOptions: Uint8Array | undefined): Uint8Array | undefined {
  const reader = new Reader(vendorOptions ?? new Uint8Array());
  try {
    while (reader.remaining > 0) {
      const code = reader.u8();
      if (code === sub.end) return undefined;
      if (code === 0) continue;
      const bytes = reader.take(reader.u8());
      if (code === sub.bootItem) return bytes.length === 4 ? bytes : undefined;
    }
  } catch (error) {
    if (!hasCode(error, 'WIRE_TRUNCATED')) throw error;
  }
  return undefined;
}
