import Type, { type Static } from 'typebox';

const address = Type.String({ maxLength: 45, description: 'an IP address' });
/** `52:54:00:12:34:56`, `id:` with a client identifier, `duid:` with a DHCPv6 identifier, or `uuid:`. */
const machine = Type.String({ maxLength: 600, description: 'a machine' });
const hostName = Type.String({ maxLength: 255, description: 'a host name' });

/** What a command can ask the server to reserve; its texts are read by `readMachine` and the like. */
export const wishSchema = Type.Object(
  { machine, address, hostName: Type.Optional(hostName) },
  { additionalProperties: false },
);

const reservationSchema = Type.Object({
  machine,
  address,
  hostName: Type.Optional(hostName),
  network: Type.String(),
  /** Of one that stands in the configuration, which no command can change: `bootwright.yaml`. */
  where: Type.Optional(Type.String()),
});

const leaseSchema = Type.Object({
  address,
  /** Of an address that is set aside, whoever was found there, or said that somebody is. */
  machine: Type.Optional(machine),
  hostName: Type.Optional(hostName),
  state: Type.Union([
    Type.Literal('bound'),
    Type.Literal('offered'),
    /** Somebody who has no lease uses it. */
    Type.Literal('set-aside'),
    Type.Literal('reserved'),
    /** Nobody has it any more; the machine that had it last would get it again. */
    Type.Literal('free'),
  ]),
  /** Milliseconds since 1970: when it ends, or when it ended. A reserved address that nobody has knows no end. */
  untilMs: Type.Optional(Type.Number()),
  network: Type.String(),
  /** The machine that has it is the one that it is reserved for. */
  isReserved: Type.Boolean(),
  /** Where that stands, if it is in the configuration. */
  where: Type.Optional(Type.String()),
});

export const leasesSchema = Type.Object({ leases: Type.Array(leaseSchema) });
export const reservationsSchema = Type.Object({ reservations: Type.Array(reservationSchema) });
/** What came of a reservation: also who else has the address at the moment. */
export const reservedSchema = Type.Object({ reservation: reservationSchema, holder: Type.Optional(leaseSchema) });
export const unreservedSchema = Type.Object({ reservation: reservationSchema });
export const releasedSchema = Type.Object({ lease: leaseSchema });

/** Why not: an error of `errorAreas`, as it goes over the socket. */
export const failureSchema = Type.Object({
  code: Type.String(),
  problem: Type.String(),
  remedy: Type.String(),
  data: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
});

export type ReservationWish = Static<typeof wishSchema>;
export type ReservationEntry = Static<typeof reservationSchema>;
export type LeaseEntry = Static<typeof leaseSchema>;
export type ReservationMade = Static<typeof reservedSchema>;
export type Failure = Static<typeof failureSchema>;

/** True where somebody has the address, or it is kept. */
export function isCurrent({ state }: LeaseEntry): boolean {
  return state !== 'free';
}
