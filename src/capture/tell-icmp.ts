import type { Content } from './dissect.ts';

/** RFC 792: what could not be delivered, by the code of type 3. */
const unreachable: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'too large for the network beyond',
};

/** RFC 4861 §4.2: addresses, and other settings, are to be had by DHCPv6. */
const advertisementFlags = { managed: 0x80, other: 0x40 } as const;

/** One ICMP message in words, where it says why something does not work or how addresses are to be had. */
export function tellIcmp({
  kind,
  type,
  code,
  from,
  body,
}: Extract<Content, { kind: 'icmp' | 'icmp6' }>): string | undefined {
  if (kind === 'icmp') {
    return type === 3 ? `ICMP from ${from}: ${unreachable[code] ?? `unreachable (${code})`}` : undefined;
  }
  switch (type) {
    case 1:
      return `ICMPv6 from ${from}: ${code === 4 ? 'port unreachable' : `unreachable (${code})`}`;
    case 134: {
      const flags = body[1] ?? 0;
      const managed = (flags & advertisementFlags.managed) !== 0;
      const other = (flags & advertisementFlags.other) !== 0;
      const what = managed ? 'addresses by DHCPv6' : other ? 'settings by DHCPv6' : 'no DHCPv6';
      return `router advertisement of ${from}: ${what}`;
    }
    default:
      return undefined;
  }
}
