import { BootwrightError } from '../errors.ts';
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from '../wire/addresses.ts';

/** Who a machine is: by one of the three. */
export interface Identity {
  /** Lower case, with colons. */
  readonly mac?: string;
  /** Option 61, lower-case hexadecimal digits. */
  readonly clientId?: string;
  /** Lower case, with hyphens. */
  readonly uuid?: string;
  /** Of DHCPv6, lower-case hexadecimal digits. */
  readonly duid?: string;
}

const uuid = /^(?:uuid:)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
/** Two bytes at least (RFC 2132 §9.14, RFC 8415 §11.1). */
const named = /^(id|duid):((?:[0-9a-f]{2}[:-]?){1,254}[0-9a-f]{2})$/;
/** Six bytes without a word before them are a MAC address. */
const unnamed = /^(?:[0-9a-f]{2}[:-]?){6,254}[0-9a-f]{2}$/;
const ciscoMac = /^([0-9a-f]{4})\.([0-9a-f]{4})\.([0-9a-f]{4})$/;
const bareMac = /^[0-9a-f]{12}$/;

/**
 * A machine as a person writes it: `52:54:00:12:34:56` (hyphens, dots as Cisco sets them, or nothing between), a UUID, a
 * client identifier after `id:`, a DHCPv6 identifier after `duid:`, or one of these two without a word, which `otherwise`
 * says. Throws MACHINE_INVALID.
 */
export function readMachine(text: string, otherwise: 'clientId' | 'duid'): Identity {
  const machine = text.trim().toLowerCase();
  const asUuid = uuid.exec(machine)?.[1];
  if (asUuid !== undefined) return { uuid: asUuid };
  const compact = machine.replace(ciscoMac, '$1$2$3');
  const mac = parseMac(bareMac.test(compact) ? compact.replace(/..(?=.)/g, '$&:') : compact);
  if (mac !== undefined) return { mac: formatMac(mac) };
  const [, kind, value] = named.exec(machine) ?? [];
  if (value !== undefined) return { [kind === 'id' ? 'clientId' : 'duid']: value.replace(/[:-]/g, '') };
  if (unnamed.test(machine)) return { [otherwise]: machine.replace(/[:-]/g, '') };
  throw new BootwrightError('MACHINE_INVALID', { machine: text.slice(0, 80) });
}

/** The first thing that is known of it, as `readMachine` takes it, and as leases name a machine. */
export function writeMachine({ mac, clientId, duid, uuid: byUuid }: Identity): string {
  if (mac !== undefined) return mac;
  if (clientId !== undefined) return `id:${clientId}`;
  return duid !== undefined ? `duid:${duid}` : `uuid:${byUuid}`;
}

/** All that is known of it, to be compared: as leases say by what a machine was known. */
export function keysOf({ mac, clientId, duid, uuid: byUuid }: Identity): readonly string[] {
  return [
    ...(mac === undefined ? [] : [mac]),
    ...(clientId === undefined ? [] : [`id:${clientId}`]),
    ...(duid === undefined ? [] : [`duid:${duid}`]),
    ...(byUuid === undefined ? [] : [`uuid:${byUuid.replaceAll('-', '')}`]),
  ];
}

/** The canonical text of an IPv4 or IPv6 address. Throws ADDRESS_INVALID. */
export function readAddress(text: string): string {
  const four = parseIpv4(text.trim());
  if (four !== undefined) return formatIpv4(four);
  const six = parseIpv6(text.trim());
  if (six !== undefined) return formatIpv6(six);
  throw new BootwrightError('ADDRESS_INVALID', { address: text.slice(0, 80) });
}

const hostName =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** RFC 1123 §2.1. Throws HOST_NAME_INVALID. */
export function readHostName(text: string | undefined): string | undefined {
  if (text === undefined || hostName.test(text)) return text;
  throw new BootwrightError('HOST_NAME_INVALID', { name: text.slice(0, 80) });
}
