import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import type { MachineFirmware } from './firmware.ts';
import { createLan, type Lan } from './lan.ts';
import { startMachine } from './machine.ts';
import { Watched } from './watched.ts';

// OVMF, and the iPXE that SeaBIOS has on QEMU's network cards, with each shape of an offer: from the only server, and
// beside another one.

const mac = '52:54:00:b0:08:01';
/** OVMF collects offers for four seconds, and asks the boot server for up to ten. */
const patienceMs = 240_000;

/** What a program says, line by line. */
function linesOf(stdout: NodeJS.ReadableStream) {
  let text = '';
  const watched = new Watched();
  stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    watched.changed();
  });
  return {
    all: () => text,
    waitFor: (line: RegExp) =>
      watched.until(
        () => line.exec(text) ?? undefined,
        patienceMs,
        () => new Error(`no ${line} in:\n${text}`),
      ),
  };
}

async function bootBy(lan: Lan, firmware: MachineFirmware, mode: 'server' | 'proxy', shape: string): Promise<string> {
  const [enter = '', ...rest] = lan.enter;
  const offering = [...rest, process.execPath, `${import.meta.dirname}/offer-shape.ts`, mode, shape];
  const server = execa(enter, offering, { buffer: false, reject: false, stderr: 'inherit' });
  const lines = linesOf(server.stdout);
  await lines.waitFor(/^ready$/m);
  const machine = await startMachine({ lan, firmware, secureBoot: false, from: { mac }, memoryMiB: 512 });
  try {
    await lines.waitFor(/^asked releases\/r1\/bootx64\.efi$/m);
    return lines.all();
  } finally {
    await machine.stop();
    server.kill();
    await server;
  }
}

const firmwares = [
  ['OVMF', 'uefi'],
  ['iPXE', 'bios'],
] as const;

/** Every firmware with every one of these shapes. */
function each(shapes: readonly string[]) {
  return firmwares.flatMap(([name, firmware]) => shapes.map((shape) => ({ name, firmware, shape })));
}

const needs = { root: true, programs: ['qemu-system-x86_64', 'ip', 'dnsmasq'] };

describeWith(needs, 'A machine asks for its boot file', () => {
  let lan: Lan;
  beforeAll(async () => {
    lan = await createLan();
  });
  afterAll(() => lan?.remove());

  it.each(each(['direct', 'plain', 'binl', 'menu']))('of the full server: $name, by "$shape"', async (what) => {
    const said = await bootBy(lan, what.firmware, 'server', what.shape);
    const atBinl = said.split('\n').some((line) => line.includes('"acknowledged"') && line.includes('"0.0.0.0"'));
    if (what.firmware === 'uefi') expect(atBinl).toBe(what.shape === 'binl' || what.shape === 'menu');
  });
});

describeWith(needs, 'A machine that dnsmasq gives an address and nothing to boot asks for its boot file', () => {
  const other = `bw-${process.pid}-other`;
  let lan: Lan;
  let stopOther = () => Promise.resolve();
  beforeAll(async () => {
    lan = await createLan();
    const here = lan.enter.at(-1) ?? '';
    const setup = [
      ['netns', 'add', other],
      ['-n', here, 'link', 'add', 'port1', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', other],
      ['-n', here, 'link', 'set', 'port1', 'master', 'switch', 'up'],
      ['-n', other, 'address', 'add', '10.99.0.2/24', 'broadcast', '+', 'dev', 'eth0'],
      ['-n', other, 'link', 'set', 'eth0', 'up'],
    ];
    for (const args of setup) await execa('ip', args);
    const options = ['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=eth0', '--no-ping'];
    const range = ['--dhcp-range=10.99.0.10,10.99.0.99,10m', `--dhcp-leasefile=${lan.folder}/leases`, '--user=root'];
    const command = ['netns', 'exec', other, 'dnsmasq', ...options, ...range];
    const dnsmasq = execa('ip', command, { reject: false, buffer: false });
    stopOther = async () => {
      dnsmasq.kill();
      await dnsmasq;
    };
  });
  afterAll(async () => {
    await stopOther();
    await execa('ip', ['netns', 'delete', other], { reject: false });
    await lan?.remove();
  });

  it.each(each(['direct', 'binl', 'menu']))('of our proxy: $name, by "$shape"', async ({ firmware, shape }) => {
    const said = await bootBy(lan, firmware, 'proxy', shape);
    expect(said).toMatch(new RegExp(`^placed ${mac} 10\\.99\\.0\\.\\d+$`, 'm'));
  });
});
