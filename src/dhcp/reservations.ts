import { BootwrightError } from '../errors.ts';
import { formatMac, parseIpv4, parseMac } from '../wire/addresses.ts';
import type { Reservation } from './network.ts';
import { type Options, optionTable } from './options.ts';

const uuidBytes = 16;

/** The reserved addresses of one network, by their machines and by themselves. */
export class Reservations {
  readonly #byAddress = new Map<number, Reservation>();
  /** By `keysOf`: a machine has as many keys as are known of it. */
  readonly #byKey = new Map<string, Reservation>();
  /** How many are known by each: what nobody is known by, no message is searched for. */
  readonly #known = { clientId: 0, uuid: 0 };

  get size(): number {
    return this.#byAddress.size;
  }

  /** The one for an address. */
  at(address: number): Reservation | undefined {
    return this.#byAddress.get(address);
  }

  /** The one for whoever sends these options: by its MAC address first, then by options 61 and 97. */
  of(mac: string, options: Options): Reservation | undefined {
    if (this.#byAddress.size === 0) return undefined;
    const byMac = this.#byKey.get(mac);
    if (byMac !== undefined) return byMac;
    if (this.#known.clientId > 0) {
      const clientId = options.get(optionTable.clientIdentifier.code);
      const found = clientId === undefined ? undefined : this.#byKey.get(`id:${hexOf(clientId)}`);
      if (found !== undefined) return found;
    }
    if (this.#known.uuid === 0) return undefined;
    const identifier = options.get(optionTable.machineIdentifier.code);
    return identifier?.length === 1 + uuidBytes ? this.#byKey.get(`uuid:${hexOf(identifier.subarray(1))}`) : undefined;
  }

  /** Throws DHCP_RESERVATION_INVALID where another one has that address, or that machine. */
  add(reservation: Reservation): void {
    const { address } = reservation;
    const refuse = (reason: string) => new BootwrightError('DHCP_RESERVATION_INVALID', { address, reason });
    const number = parseIpv4(address);
    if (number === undefined) throw refuse('that is no IPv4 address');
    const keys = keysOf(reservation, refuse);
    if (keys.length === 0) throw refuse('it names no machine: no MAC address, no client identifier and no UUID');
    if (this.#byAddress.has(number)) throw refuse('it is reserved already');
    for (const key of keys) {
      const other = this.#byKey.get(key);
      if (other !== undefined) throw refuse(`the machine has ${other.address} already (${key})`);
    }
    this.#byAddress.set(number, reservation);
    for (const key of keys) this.#byKey.set(key, reservation);
    this.#count(reservation, 1);
  }

  /** The one that was removed. */
  remove(address: number): Reservation | undefined {
    const reservation = this.#byAddress.get(address);
    if (reservation === undefined) return undefined;
    this.#byAddress.delete(address);
    for (const [key, value] of this.#byKey) if (value === reservation) this.#byKey.delete(key);
    this.#count(reservation, -1);
    return reservation;
  }

  *[Symbol.iterator](): Iterator<Reservation> {
    yield* this.#byAddress.values();
  }

  #count({ clientId, uuid }: Reservation, by: 1 | -1): void {
    if (clientId !== undefined) this.#known.clientId += by;
    if (uuid !== undefined) this.#known.uuid += by;
  }
}

/**
 * What is kept with a lease that such a reservation gave, so that a message of the same machine without options 61 and
 * 97 is known to be of its owner. A MAC address is in every message: `undefined`.
 */
export function ownerKey({ clientId, uuid }: Reservation): string | undefined {
  if (uuid !== undefined) return `uuid:${digits(uuid)}`;
  return clientId === undefined ? undefined : `id:${digits(clientId)}`;
}

function keysOf({ mac, clientId, uuid }: Reservation, refuse: (reason: string) => Error): readonly string[] {
  const keys: string[] = [];
  if (mac !== undefined) {
    const bytes = parseMac(mac);
    if (bytes === undefined) throw refuse(`"${mac}" is no MAC address`);
    keys.push(formatMac(bytes));
  }
  if (clientId !== undefined) {
    if (!/^([0-9a-f]{2}){1,255}$/.test(digits(clientId))) throw refuse(`"${clientId}" is no bytes in hexadecimal`);
    keys.push(`id:${digits(clientId)}`);
  }
  if (uuid !== undefined) {
    const text = digits(uuid);
    if (!/^[0-9a-f]{32}$/.test(text)) throw refuse(`"${uuid}" is no UUID`);
    if (/^(0{32}|f{32})$/.test(text)) throw refuse(`"${uuid}" is the UUID of boards that have none`);
    keys.push(`uuid:${text}`);
    if (swapped(text) !== text) keys.push(`uuid:${swapped(text)}`);
  }
  return keys;
}

function digits(text: string): string {
  return text.replaceAll(/[:-]/g, '').toLowerCase();
}

/**
 * A UUID with its first three numbers in the other byte order. EDK2 sends them as they lie in the SMBIOS table, little
 * endian (PxeBcDhcp4.c); iPXE sends them as people read them (smbios_settings.c).
 */
function swapped(text: string): string {
  const at = (...bytes: readonly number[]) => bytes.map((byte) => text.slice(2 * byte, 2 * byte + 2)).join('');
  return at(3, 2, 1, 0, 5, 4, 7, 6) + text.slice(uuidBytes);
}

export function hexOf(bytes: Uint8Array): string {
  return formatMac(bytes).replaceAll(':', '');
}
