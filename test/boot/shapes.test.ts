import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import type { MachineFirmware } from './firmware.ts';
import { createLan, type Lan } from './lan.ts';
import { startMachine } from './machine.ts';
import { startOtherServer } from './other-server.ts';
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
  let lan: Lan;
  beforeAll(async () => {
    lan = await createLan();
    await startOtherServer(lan, 'dnsmasq');
  });
  afterAll(() => lan?.remove());

  it.each(each(['direct', 'binl', 'menu']))('of our proxy: $name, by "$shape"', async ({ firmware, shape }) => {
    const said = await bootBy(lan, firmware, 'proxy', shape);
    expect(said).toMatch(new RegExp(`^placed ${mac} 10\\.99\\.0\\.\\d+$`, 'm'));
  });
});
