import Type, { type TSchema } from 'typebox';

export const port = (description: string, standard: number, maximum = 65_535) =>
  Type.Integer({ minimum: 1, maximum, default: standard, description });

/** Keys that stand together under one name. */
export function section<Properties extends Record<string, TSchema>>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false, default: {} });
}

const count = (standard: number, maximum = 65_535) =>
  Type.Integer({ minimum: 1, maximum, default: standard, description: `a number from 1 to ${maximum}` });

const rate = Type.Optional(
  Type.Number({ minimum: 0.125, maximum: 1_048_576, description: 'MiB a second, from 0.125 (1 Mbit/s) to 1048576' }),
);

const pemFile = (what: string) =>
  Type.Optional(Type.String({ minLength: 1, description: `a file with ${what}, as PEM` }));

export const tftpSettings = section({
  port: port('a port from 1 to 65535 (firmware only knows 69)', 69),
  maxTransfers: count(1024),
  maxPerMachine: count(16),
  singlePort: Type.Boolean({ default: false, description: 'true or false' }),
});

export const httpSettings = section({
  port: port('a port from 1 to 65535', 80),
  cacheMiB: Type.Integer({
    minimum: 1,
    maximum: 1_048_576,
    default: 96,
    description: 'a number of MiB from 1 to 1048576',
  }),
  maxTransfers: count(64),
  maxPerMachine: count(8),
  totalMiBPerSecond: rate,
  machineMiBPerSecond: rate,
});

/** Served where both files are named. */
export const httpsSettings = section({
  port: port('a port from 1 to 65535', 443),
  certificate: pemFile('the certificate and those of its issuers'),
  key: pemFile('the private key of the certificate'),
});
