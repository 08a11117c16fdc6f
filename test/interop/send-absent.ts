import { createSocket } from 'node:dgram';
import { message } from '../dhcp/machine.ts';

/** Asks 10.77.0.1 in the names of machines that say to have an address, and are not there to be answered. */
const socket = createSocket('udp4');
const each = 5000;
for (let nth = 0; nth < each; nth += 1) {
  const [mac, ciaddr] = [`02:00:00:01:00:${(nth % 250).toString(16).padStart(2, '0')}`, `10.77.0.${2 + (nth % 250)}`];
  const bytes = message({ messageType: 'inform' }, { mac, ciaddr });
  await new Promise<void>((resolve) => socket.send(bytes, 67, '10.77.0.1', () => resolve()));
  if (nth % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
}
socket.close();
