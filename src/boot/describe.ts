import { formatBytes, formatDuration, onOneLine } from '../format.ts';
import type { BootEvent } from './timeline.ts';

/** How much a person wants to hear of it. */
export interface Described {
  readonly level: 'debug' | 'info' | 'warn';
  readonly text: string;
}

const protocolNames = { dhcp: 'DHCP', dhcp6: 'DHCPv6', tftp: 'TFTP' } as const;

/** What stands in an offer that gives no address. RFC 2131 §2. */
const noAddress = '0.0.0.0';

type Served = Extract<BootEvent, { step: 'served' }>;

/** With or without a slash in front: that is the habit of a loader, and no difference. */
function shownPath(path: string): string {
  return path.replace(/^\/+/, '');
}

function describeServed(event: Served, who: string): Described {
  const protocol = event.protocol.toUpperCase();
  const path = shownPath(event.path);
  const took = formatDuration(event.durationMs);
  switch (event.outcome) {
    case 'complete':
      return {
        level: 'info',
        text: `${who} got ${path} (${formatBytes(event.sizeBytes)}, ${protocol}, ${took})`,
      };
    case 'probed':
      return { level: 'debug', text: `${who} asked for the size of ${path} (${protocol})` };
    case 'aborted':
    case 'timed-out':
    case 'failed': {
      const part = `${formatBytes(event.sentBytes)} of ${formatBytes(event.sizeBytes)}`;
      const reason = event.detail === undefined ? '' : `: ${event.detail}`;
      return {
        level: 'warn',
        text: `${who} stopped at ${part} of ${path} (${protocol}, ${event.outcome}${reason})`,
      };
    }
  }
}

/** One line that a person can read for one step of a boot; `machine` is who has the address, where that is known. */
export function describe(event: BootEvent, machine: string | undefined): Described {
  const { level, text } = describeStep(event, machine);
  return { level, text: onOneLine(text) };
}

function describeStep(event: BootEvent, machine: string | undefined): Described {
  const who = machine ?? ('address' in event ? event.address : (event.mac ?? 'nobody'));
  switch (event.step) {
    case 'offered':
    case 'acknowledged': {
      const level = event.step === 'offered' ? 'debug' : 'info';
      const relay = event.relay === undefined ? '' : `, through the relay ${event.relay}`;
      if (event.address === noAddress) {
        const what = event.step === 'offered' ? 'is told' : 'asked, and is told';
        return { level, text: `${event.mac} ${what} to boot ${event.bootFile}${relay}` };
      }
      const what = event.step === 'offered' ? 'is offered' : 'has';
      const boot = event.bootFile === undefined ? '' : ` and boots ${event.bootFile}`;
      return { level, text: `${event.mac} ${what} ${event.address}${boot}${relay}` };
    }
    case 'refused':
      return { level: 'warn', text: `${event.mac} may not have ${event.address}: ${event.reason}` };
    case 'released':
      return { level: 'info', text: `${event.mac} gave ${event.address} back` };
    case 'declined':
      return { level: 'warn', text: `${event.mac} found ${event.address} in use by somebody else` };
    case 'in-use':
      return {
        level: 'warn',
        text: `${event.address} is in use by ${event.holder}, which nobody gave it to; ${event.mac} gets another one`,
      };
    case 'rival': {
      const taken = event.mac === undefined ? 'answers' : `gave ${event.mac} its address`;
      return {
        level: 'warn',
        text: `another DHCP server, ${event.server}, ${taken} on ${event.interface}: stop it, or run beside it with --dhcp-mode proxy`,
      };
    }
    case 'reshaped': {
      const asked = `asked ${event.discovers} times and fetched nothing`;
      return { level: 'warn', text: `${event.mac} ${asked}: its offers are now "${event.to}", not "${event.from}"` };
    }
    case 'shape-worked':
      return { level: 'info', text: `${event.mac} boots by offers that are "${event.shape}"; that is remembered` };
    case 'not-answered':
      return { level: 'warn', text: `${event.mac} got no full answer: ${event.reason}` };
    case 'served':
      return describeServed(event, who);
    case 'missing':
      return {
        level: 'debug',
        text: `${who} asked for ${shownPath(event.path)}, which is not here (${event.protocol.toUpperCase()})`,
      };
    case 'malformed':
      return {
        level: 'debug',
        text: `${event.address} sent a broken ${protocolNames[event.protocol]} packet: ${event.reason}`,
      };
  }
}
