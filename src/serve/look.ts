import type { Logger } from 'pino';
import type { ServedInterface } from '../config/networks.ts';
import { lookForServers } from '../dhcp/look.ts';
import type { Clock } from '../platform/clock.ts';
import { nodeUdp } from '../platform/udp-node.ts';

/**
 * Says which other DHCP servers are on the interfaces where we serve: beside one, a server gives machines addresses that
 * it does not know of; without one, a proxy waits for machines that never get an address.
 */
export async function reportOthers(
  interfaces: readonly ServedInterface[],
  { waitMs, port, clock, log }: { waitMs: number; port: number; clock: Clock; log: Logger },
): Promise<void> {
  if (waitMs === 0) return;
  await Promise.all(
    interfaces.map(async ({ interface: name, address, dhcp }) => {
      if (dhcp === undefined) return;
      const ports = { serverPort: port, clientPort: port + 1 };
      const look = await lookForServers({
        udp: nodeUdp,
        clock,
        interface: name,
        ourAddress: address,
        waitMs,
        ...ports,
      });
      if (!look.looked) {
        log.warn({ interface: name }, `whether there is another DHCP server on ${name} is not known: ${look.reason}`);
        return;
      }
      const found = look.servers.map(({ server, offered }) => `${server} (it offers ${offered})`).join(', ');
      const facts = { interface: name, servers: look.servers };
      if (dhcp.mode === 'proxy') {
        if (found === '')
          log.warn(facts, `no DHCP server answers on ${name}: a proxy gives no addresses, so nobody does`);
        else log.info(facts, `addresses on ${name} come from ${found}`);
        for (const { server, nextServer } of look.servers) {
          if (nextServer === address) continue;
          log.warn(
            facts,
            `${server} names ${nextServer ?? 'nobody'} as the next server: a GRUB such as Debian's looks for its ` +
              `configuration there, and not here. Let it name ${address}, and no boot file`,
          );
        }
      } else if (found !== '') {
        log.warn(
          facts,
          `another DHCP server on ${name}: ${found}. Machines may take its offers, and then nothing boots: stop it, or ` +
            'run beside it with --dhcp-mode proxy',
        );
      }
    }),
  );
}
