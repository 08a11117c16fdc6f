import { networkInterfaces } from 'node:os';
import { BootwrightError } from '../errors.ts';
import type { UdpOptions } from './udp.ts';

/** What is told of a socket that could not be opened: what `Udp.open` throws, or `cause` where it is none of these. */
export function udpFailure(cause: unknown, { address, port, interface: device = '' }: UdpOptions): unknown {
  const code = (cause as { code?: unknown }).code;
  switch (code) {
    case 'EADDRINUSE':
      return new BootwrightError('UDP_PORT_IN_USE', { address, port }, { cause });
    case 'EACCES':
    case 'EPERM':
      return new BootwrightError('UDP_PORT_FORBIDDEN', { address, port }, { cause });
    case 'EADDRNOTAVAIL':
      return new BootwrightError('UDP_ADDRESS_NOT_HERE', { address, port }, { cause });
    case 'ENODEV':
      return new BootwrightError(
        'INTERFACE_NOT_FOUND',
        { interface: device, known: Object.keys(networkInterfaces()).join(', ') },
        { cause },
      );
    default:
      return cause;
  }
}
