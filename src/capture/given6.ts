import type { Message } from '../dhcp6/packet.ts';
import { attempt6 } from './attempt6.ts';
import type { Given } from './given.ts';

const success = 0;

/**
 * What a DHCPv6 answer gives a machine. Its vendor class, or that it has none, is the shape: with one that begins with
 * `PXEClient`, EDK2 asks at port 4011 again, as it does by DHCP's `binl` (PxeBcDhcp6.c, PxeOfferTypeDhcpBinl).
 */
export function readGiven6({ type, options }: Message, from: string): Given {
  const duid = attempt6(options, 'serverId');
  const association = attempt6(options, 'association');
  const address = association === undefined ? undefined : attempt6(association.options, 'leasedAddress');
  const refusal = [attempt6(options, 'status'), association && attempt6(association.options, 'status')].find(
    (status) => status !== undefined && status.code !== success,
  );
  const bootFile = attempt6(options, 'bootFileUrl') ?? '';
  const classes = attempt6(options, 'vendorClass')?.classes ?? [];
  return {
    type: type === 'advertise' || type === 'reply' ? type : 'unknown',
    server: duid === undefined ? from : `duid:${Buffer.from(duid).toString('hex')}`,
    // With no time left, it is taken away.
    ...(address === undefined || address.validSeconds === 0 ? {} : { address: address.address }),
    bootFile,
    shape: bootFile === '' ? undefined : shapeOf(classes),
    ...(refusal === undefined ? {} : { message: refusal.message }),
  };
}

function shapeOf(classes: readonly string[]): Given['shape'] {
  if (classes.some((text) => text.startsWith('HTTPClient'))) return 'http';
  return classes.some((text) => text.startsWith('PXEClient')) ? 'binl' : 'plain';
}
