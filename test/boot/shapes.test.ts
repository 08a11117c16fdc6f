import { execa, type ResultPromise } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { createLan, type Lan } from './lan.ts';
import { startMachine } from './machine.ts';
import { Watched } from './watched.ts';

// OVMF and each shape of an offer, as the only server and beside another one.

const mac = '52:54:00:b0:08:01';
/** OVMF collects offers for four seconds, and asks the boot server for up to ten. */
const patienceMs = 240_000;

/** What a program says, line by line. */
function linesOf(program: ResultPromise<{ buffer: false }>) {
  let text = '';
  const watched = new Watched();
  program.stdout?.setEncoding('utf8').on('data', (more: string) => {
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

async function bootBy(lan: Lan, mode: 'server' | 'proxy', shape: string): Promise<string> {
  const [enter = '', ...rest] = lan.enter;
  const offering = [...rest, process.execPath, `${import.meta.dirname}/offer-shape.ts`, mode, shape];
  const server = execa(enter, offering, { buffer: false, reject: false, stderr: 'inherit' });
  const lines = linesOf(server);
  await lines.waitFor(/^ready$/m);
  const machine = await startMachine({ lan, secureBoot: false, from: { mac }, memoryMiB: 512 });
  try {
    await lines.waitFor(/^asked releases\/r1\/bootx64\.efi$/m);
    return lines.all();
  } finally {
    await machine.stop();
    server.kill();
    await server;
  }
}

const needs = { root: true, programs: ['qemu-system-x86_64', 'ip', 'dnsmasq'] };

describeWith(needs, 'OVMF asks for its boot file', () => {
  let lan: Lan;
  beforeAll(async () => {
    lan = await createLan();
  });
  afterAll(() => lan?.remove());

  it.each(['direct', 'plain', 'binl', 'menu'])('of a full server, whose offer has the shape "%s"', async (shape) => {
    const said = await bootBy(lan, 'server', shape);
    const atBinl = said.split('\n').filter((line) => line.includes('"acknowledged"') && line.includes('"0.0.0.0"'));
    expect(atBinl.length > 0).toBe(shape === 'binl' || shape === 'menu');
  });
});

describeWith(
  needs,
  'OVMF beside dnsmasq, which gives it an address and nothing to boot, asks for its boot file',
  () => {
    let lan: Lan;
    const other = `bw-${process.pid}-other`;
    let dnsmasq: ResultPromise<{ reject: false; buffer: false }> | undefined;
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
      dnsmasq = execa('ip', ['netns', 'exec', other, 'dnsmasq', ...options, ...range], {
        reject: false,
        buffer: false,
      });
    });
    afterAll(async () => {
      dnsmasq?.kill();
      await dnsmasq;
      await execa('ip', ['netns', 'delete', other], { reject: false });
      await lan?.remove();
    });

    it.each(['direct', 'binl', 'menu'])('of our proxy, whose offer has the shape "%s"', async (shape) => {
      const said = await bootBy(lan, 'proxy', shape);
      expect(said).toMatch(new RegExp(`^placed ${mac} 10\\.99\\.0\\.\\d+$`, 'm'));
    });
  },
);
