import Type from 'typebox';

/** Octets of an IPv4 address, as they stand in a pattern. */
const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const ipv4Pattern = `(${octet}\\.){3}${octet}`;
/** Within a longer text; what it means is read, and refused, by dhcp6/range.ts. */
const ipv6Pattern = '[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*';

export const ipv4 = (description: string) => Type.String({ pattern: `^${ipv4Pattern}$`, description });
const ipv6 = (description: string) => Type.String({ format: 'ipv6', description });

/** `standard` is the default; without one, the value of the first network counts. */
export const addresses4 = (standard?: readonly string[]) =>
  Type.Array(ipv4('an IPv4 address'), {
    maxItems: 8,
    description: 'a list of IPv4 addresses',
    ...(standard === undefined ? {} : { default: standard }),
  });

export const addresses6 = (standard?: readonly string[]) =>
  Type.Array(ipv6('an IPv6 address'), {
    maxItems: 8,
    description: 'a list of IPv6 addresses',
    ...(standard === undefined ? {} : { default: standard }),
  });

export const leaseTime = (standard?: number) =>
  Type.Integer({
    minimum: 60,
    maximum: 31_536_000,
    description: 'a number of seconds from 60 to 31536000 (a year)',
    ...(standard === undefined ? {} : { default: standard }),
  });

function ranges(address: string, example: string) {
  const range = `\\s*${address}\\s*-\\s*${address}\\s*`;
  return Type.String({
    pattern: `^${range}(,${range})*$`,
    description: `a first and a last address, such as ${example}; several with commas between them`,
  });
}

export const interfaceName = Type.String({
  minLength: 1,
  maxLength: 15,
  description: 'the name of a network interface',
});

const domain = Type.String({ pattern: '^[A-Za-z0-9.-]{1,253}$', description: 'a domain name' });

/** A value of an option that is not ours to know: its type is the option's. */
const optionValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
  description: 'a text, a number, true or false, or a list of these',
});
const extraOptions = Type.Record(Type.String(), Type.Union([optionValue, Type.Array(optionValue)]), {
  description: 'options by name or code, each with its value',
});

const identity = {
  mac: Type.Optional(
    Type.String({ pattern: '^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$', description: 'such as 52:54:00:12:34:56' }),
  ),
  uuid: Type.Optional(
    Type.String({
      pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
      description: 'such as 4c4c4544-0042-3510-8052-b4c04f4e4e32',
    }),
  ),
};
const hexText = Type.String({ pattern: '^([0-9A-Fa-f]{2}[:-]?)+$', description: 'bytes in hexadecimal' });

const hostName = Type.String({ pattern: '^[A-Za-z0-9.-]{1,253}$', description: 'a host name' });

const reservations4 = Type.Array(
  Type.Object(
    {
      ...identity,
      clientId: Type.Optional(hexText),
      address: ipv4('an IPv4 address'),
      hostName: Type.Optional(hostName),
    },
    { additionalProperties: false, description: 'an address, and whose it is: a mac, a uuid or a clientId' },
  ),
  { description: 'a list of reservations' },
);

const reservations6 = Type.Array(
  Type.Object(
    { ...identity, duid: Type.Optional(hexText), address: ipv6('an IPv6 address') },
    { additionalProperties: false, description: 'an address, and whose it is: a mac, a uuid or a duid' },
  ),
  { description: 'a list of reservations' },
);

const mode = Type.Union([Type.Literal('server'), Type.Literal('proxy'), Type.Literal('off')], {
  description: 'server, proxy or off',
});
/** What DHCP says in one network; what is said nowhere else either has the default that the example file names. */
export const dhcpOfNetwork = {
  mode: Type.Optional(mode),
  range: Type.Optional(ranges(ipv4Pattern, '10.0.0.100-10.0.0.199')),
  leaseSeconds: Type.Optional(leaseTime()),
  router: Type.Optional(ipv4('an IPv4 address')),
  dns: Type.Optional(addresses4()),
  ntp: Type.Optional(addresses4()),
  domain: Type.Optional(domain),
  routes: Type.Optional(
    Type.Array(
      Type.String({
        pattern: `^${ipv4Pattern}/(3[0-2]|[12]?\\d)\\s+via\\s+${ipv4Pattern}$`,
        description: 'a route, such as "10.1.0.0/16 via 10.0.0.254"',
      }),
      { maxItems: 64, description: 'a list of routes' },
    ),
  ),
  options: Type.Optional(extraOptions),
  reservations: Type.Optional(reservations4),
};

/** The same for DHCPv6. */
export const dhcp6OfNetwork = {
  mode: Type.Optional(mode),
  address: Type.Optional(ipv6('an IPv6 address of this machine')),
  range: Type.Optional(ranges(ipv6Pattern, 'fd00::100-fd00::1ff')),
  leaseSeconds: Type.Optional(leaseTime()),
  dns: Type.Optional(addresses6()),
  ntp: Type.Optional(addresses6()),
  domain: Type.Optional(domain),
  options: Type.Optional(extraOptions),
  reservations: Type.Optional(reservations6),
};

const closed = {
  additionalProperties: false,
  description: 'a section: keys with values, one a line, indented below it',
};

/** One more network: on an interface of its own, or behind a relay. */
export const networkSchema = Type.Object(
  {
    interface: Type.Optional(interfaceName),
    address: Type.Optional(ipv4('an IPv4 address of this machine')),
    relayed: Type.Optional(
      Type.String({
        pattern: `^${ipv4Pattern}/(3[0-2]|[12]?\\d)$`,
        description: 'a network behind a relay, such as 10.2.0.0/24',
      }),
    ),
    relayed6: Type.Optional(
      Type.String({
        pattern: `^${ipv6Pattern}/(12[0-8]|1[01]\\d|\\d?\\d)$`,
        description: 'a network behind a relay, such as fd00:2::/64',
      }),
    ),
    dhcp: Type.Optional(Type.Object(dhcpOfNetwork, closed)),
    dhcp6: Type.Optional(Type.Object(dhcp6OfNetwork, closed)),
  },
  closed,
);
