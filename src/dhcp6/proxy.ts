import type { Exchange, ReplyStep } from './exchange.ts';
import { mostAssociations, readAll, readOption } from './options.ts';
import { readFirmware } from './read-firmware.ts';

/**
 * Beside another server, which gives the addresses. What works, as EDK2 has it (PxeBcDhcp6.c, HttpBootDhcp6.c):
 *
 * - An ADVERTISE without an address, with vendor class and URL, is a proxy's offer to UEFI PXE and to UEFI HTTP Boot.
 * - UEFI PXE then asks the server in that URL again, at port 4011, with a REQUEST of that transaction.
 * - An INFORMATION-REQUEST of firmware that has its address from elsewhere is answered with the URL.
 *
 * iPXE takes no offer without an address; its INFORMATION-REQUEST is answered. Whoever is no firmware hears nothing.
 */
export const actAsProxy: ReplyStep = (draft, exchange) => {
  const { request, serverDuid, port } = exchange;
  const seen = readFirmware(request.options);
  if (request.type === 'request') note(exchange);
  if (seen === undefined) return draft;
  const server = readOption(request.options, 'serverId');
  const isForUs = server !== undefined && Buffer.compare(server, serverDuid) === 0;
  switch (request.type) {
    case 'solicit':
      return port === 'server' && seen.kind !== 'ipxe' && server === undefined
        ? { ...draft, reply: 'advertise' }
        : draft;
    case 'request':
      return port === 'binl' && isForUs ? { ...draft, reply: 'reply' } : draft;
    case 'information-request':
      return server === undefined || isForUs ? { ...draft, reply: 'reply' } : draft;
    default:
      return draft;
  }
};

/** A proxy without a boot file has nothing to say. */
export const saySomethingOrNothing: ReplyStep = (draft) =>
  draft.bootFile === undefined ? { ...draft, reply: 'none' } : draft;

/** The addresses that the machine takes from the other server, or those that it has when it asks at port 4011. */
function note({ request, client, source, port, place }: Exchange): void {
  const addresses = readAll(request.options, 'association', mostAssociations).flatMap(({ options }) =>
    readAll(options, 'leasedAddress', mostAssociations).map(({ address }) => address),
  );
  for (const address of addresses) place(client.name, address);
  if (port === 'binl' && !source.startsWith('fe80:')) place(client.name, source);
}
