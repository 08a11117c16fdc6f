import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { type OptionName, readOption } from '../../src/dhcp/options.ts';
import { decodePacket } from '../../src/dhcp/packet.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { counter, message, network, replyIn, uefiX64 } from '../dhcp/machine.ts';
import { ovmfDiscover } from '../packets/dhcp-ovmf.ts';
import { hex } from '../support/hex.ts';

/**
 * The npm package `dhcp` 0.2.20 as a peer, always in a process of its own. Each fault that keeps it off the network has
 * a test that shows it, beside what our server makes of the same message.
 * docs/decisions/0001-own-dhcp-and-tftp-engines.md links here.
 */
const require = createRequire(import.meta.url);
const dhcpPackage = JSON.stringify(require.resolve('dhcp'));
const host = '127.0.0.1';
const theirs = '10.0.0.2';
const other = '52:54:00:00:00:99';
const third = '52:54:00:00:00:98';

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/**
 * The package with three addresses to give. It answers to port 68 only, which no test may take on this machine, so what
 * it would send is printed instead.
 */
async function startPackage() {
  const free = await nodeUdp.open({ address: host, port: 0 }, () => {});
  await free.close();
  const config = {
    range: ['10.0.0.10', '10.0.0.12'],
    netmask: network.subnet.netmask,
    router: [network.router],
    dns: network.dns,
    broadcast: '10.0.0.255',
    server: network.serverAddress,
    leaseTime: network.leaseSeconds,
    // A fixed order, so that the tests know who gets what; true unless said otherwise.
    randomIP: false,
  };
  const start = async (changes: Partial<typeof config> = {}) => {
    const script = `
      const server = require(${dhcpPackage}).createServer(${JSON.stringify({ ...config, ...changes })});
      server._sock.send = (bytes, start, length) => console.log(bytes.subarray(start, start + length).toString('hex'));
      server.on('error', () => {});
      server.listen(${free.local.port}, '${host}', () => console.log('listening'));
    `;
    const child = execa(process.execPath, ['--no-deprecation', '-e', script], { reject: false, timeout: 20_000 });
    undo.push(async () => {
      child.kill('SIGKILL');
      await child;
    });
    const lines: string[] = [];
    child.stdout.on('data', (text) => lines.push(...String(text).trim().split('\n')));
    await until(() => lines.includes('listening'));
    const socket = await nodeUdp.open({ address: host, port: 0 }, () => {});
    undo.push(() => socket.close());
    return {
      child,
      say: (bytes: Uint8Array) => socket.send(bytes, free.local),
      /** Its next answer; `undefined`: none came within a second. */
      async hear() {
        const count = lines.length;
        await until(() => lines.length > count, 1000);
        return lines.length > count ? decodePacket(hex(lines[count] ?? '')) : undefined;
      },
    };
  };
  return start;
}

async function until(isDone: () => boolean, limitMs = 10_000): Promise<void> {
  for (const startedMs = Date.now(); !isDone() && Date.now() - startedMs < limitMs; ) await sleep(10);
}

const discover = (machine?: string) =>
  message({ messageType: 'discover' }, machine === undefined ? {} : { mac: machine });
const select = (address: string, serverIdentifier: string) =>
  message({ messageType: 'request', requestedAddress: address, serverIdentifier });

describe('a PXE DISCOVER', () => {
  it.each([
    ['of OVMF', ovmfDiscover],
    ['that lists option 60', message({ messageType: 'discover', parameterList: [60] })],
    ['that lists option 61', message({ messageType: 'discover', parameterList: [61] })],
    ['that lists option 52', message({ messageType: 'discover', parameterList: [52] })],
  ])('%s ends the process of the package, and is answered by ours', async (_, bytes) => {
    const start = await startPackage();
    const { child, say } = await start();
    say(bytes);
    const ended = await child;
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('dhcp.js:216');
    expect(replyIn(counter().ask(bytes)).option('messageType')).toBe('offer');
  });
});

describe('a full pool', () => {
  it('makes the package loop for ever, and is reported by ours', async () => {
    const start = await startPackage();
    // The server has the last address: the package draws that one about once in a hundred million times.
    const { child, say, hear } = await start({ randomIP: true, server: '10.0.0.12' });
    for (const machine of [undefined, other]) {
      const offer = hear();
      say(discover(machine));
      expect(await offer).toBeDefined();
    }
    const silence = hear();
    say(discover(third));
    expect(await silence).toBeUndefined();
    const alsoSilence = hear();
    say(discover());
    expect(await alsoSilence, 'the machine that it had answered before').toBeUndefined();
    expect(await Promise.race([child, sleep(100, 'still running')])).toBe('still running');
    const { ask } = counter();
    for (const machine of [undefined, other]) ask(discover(machine));
    expect(ask(discover(third))?.events).toMatchObject([{ step: 'not-answered' }]);
    expect(replyIn(ask(discover())).packet.yiaddr).toBe('10.0.0.10');
  });
});

describe('a REQUEST', () => {
  it('that names another server is acknowledged by the package, and left alone by ours', async () => {
    const start = await startPackage();
    const { say, hear } = await start();
    const answer = hear();
    say(select('10.0.0.10', theirs));
    expect(optionOf(await answer, 'messageType')).toBe('ack');
    expect(counter().ask(select('10.0.0.10', theirs))?.datagram).toBeUndefined();
  });

  it('for an address of another network is acknowledged with another one by the package, and refused by ours', async () => {
    const start = await startPackage();
    const { say, hear } = await start();
    const answer = hear();
    say(select('192.168.9.9', network.serverAddress));
    const packet = await answer;
    expect([optionOf(packet, 'messageType'), packet?.yiaddr]).toEqual(['ack', '10.0.0.10']);
    expect(replyIn(counter().ask(select('192.168.9.9', network.serverAddress))).option('messageType')).toBe('nak');
  });
});

describe('an address that was given back', () => {
  it('is gone for good with the package, and free with ours', async () => {
    const start = await startPackage();
    const { say, hear } = await start();
    const release = message(
      { messageType: 'release', serverIdentifier: network.serverAddress },
      { ciaddr: '10.0.0.10' },
    );
    const answers: (string | undefined)[] = [];
    for (const bytes of [discover(), select('10.0.0.10', network.serverAddress)]) {
      const answer = hear();
      say(bytes);
      answers.push((await answer)?.yiaddr);
    }
    say(release);
    for (const machine of [other, third, '52:54:00:00:00:97']) {
      const answer = hear();
      say(discover(machine));
      answers.push((await answer)?.yiaddr);
    }
    expect(answers).toEqual(['10.0.0.10', '10.0.0.10', '10.0.0.11', '10.0.0.12', undefined]);
    const { ask } = counter();
    for (const bytes of [discover(), select('10.0.0.10', network.serverAddress), discover(other), release]) ask(bytes);
    expect(replyIn(ask(discover(third))).packet.yiaddr).toBe('10.0.0.10');
  });
});

describe('a Pad between two options', () => {
  const padded = () => {
    const bytes = discover();
    // Pad, then option 53; what `discover` begins with is option 53 alone.
    return new Uint8Array([...bytes.subarray(0, 240), 0, ...bytes.subarray(240, 299)]);
  };

  it('swallows the next byte in the package, so that the message has no type; ours reads on', async () => {
    const start = await startPackage();
    const { say, hear } = await start();
    const answer = hear();
    say(padded());
    expect(await answer).toBeUndefined();
    expect(replyIn(counter().ask(padded())).option('messageType')).toBe('offer');
  });
});

describe('PXE firmware that lists nothing dangerous', () => {
  it('gets no boot file from the package, and its machine identifier is dropped', async () => {
    const start = await startPackage();
    const { say, hear } = await start();
    const bytes = message({ messageType: 'discover', ...uefiX64 });
    const answer = hear();
    say(bytes);
    const packet = await answer;
    expect(packet?.file).toBe('');
    expect(optionOf(packet, 'machineIdentifier')).toBeUndefined();
    const offer = replyIn(counter().ask(bytes));
    expect(offer.packet.file).toBe('releases/r1/bootx64.efi');
    expect(offer.option('machineIdentifier')).toEqual(new Uint8Array(17));
  });
});

function optionOf<Name extends OptionName>(packet: ReturnType<typeof decodePacket> | undefined, name: Name) {
  return packet === undefined ? undefined : readOption(packet.options, name);
}
