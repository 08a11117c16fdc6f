import { describeArchitecture, type Firmware, firmwareOf } from './architectures.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import { readOption } from './options.ts';
import { fileBytes } from './packet.ts';

/**
 * PXE discovery control (sub-option 6) with bit 3: "boot from the file that is named here", and the End. PXE 2.1,
 * table 2-2. EDK2 then sends no second request to port 4011 (PxeBcDhcp4.c).
 */
const bootFromTheFile = Uint8Array.of(6, 1, 8, 255);

/**
 * Names the boot file to PXE firmware. Every place is filled, since each kind of firmware reads another one: EDK2 takes
 * option 67 before `file`, shim and U-Boot read `file` only. Options 60 and 43 go together: 60 alone makes EDK2 wait
 * for an answer on port 4011.
 */
export const addBootFile: ReplyStep = (draft, exchange) => {
  if ((draft.reply !== 'offer' && draft.reply !== 'ack') || exchange.type === 'inform') return draft;
  const firmware = firmwareOf(exchange.request.options);
  if (firmware === undefined) return draft;
  if (!firmware.isServed || firmware.architecture === undefined) {
    return withoutFile(draft, exchange, `it gets an address, but there is no boot file for ${describe(firmware)}`);
  }
  const answer = exchange.bootFor({
    mac: exchange.mac,
    transaction: exchange.request.xid,
    architecture: firmware.architecture,
    vendorClass: firmware.vendorClass,
    address: draft.address,
  });
  if (answer === undefined) {
    return withoutFile(
      draft,
      exchange,
      `it gets an address, but no release is active that boots ${describe(firmware)}`,
    );
  }
  if (answer.bootFile.length >= fileBytes) {
    return withoutFile(draft, exchange, `the path of its boot file is too long for DHCP: ${answer.bootFile}`);
  }
  return {
    ...draft,
    nextServer: exchange.network.address,
    file: answer.bootFile,
    options: {
      ...draft.options,
      vendorClass: 'PXEClient',
      vendorOptions: bootFromTheFile,
      machineIdentifier: readOption(exchange.request.options, 'machineIdentifier'),
      tftpServerName: exchange.network.address,
      // The last option: EDK2 writes a NUL behind it (PxeBcDhcp4.c).
      bootFile: answer.bootFile,
    },
  };
};

function describe({ vendorClass, architecture }: Firmware): string {
  return `${describeArchitecture(architecture)}, "${vendorClass}"`;
}

/** Said once for a boot: at its DISCOVER. */
function withoutFile(draft: Draft, { mac, type }: Exchange, reason: string): Draft {
  if (type !== 'discover') return draft;
  return { ...draft, events: [...draft.events, { step: 'not-answered', mac, reason }] };
}
