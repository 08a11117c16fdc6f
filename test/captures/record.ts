import { writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { createLan, type Lan } from '../boot/lan.ts';
import { startMachine } from '../boot/machine.ts';
import { startPlainServer } from '../boot/plain-server.ts';
import { startServer } from '../boot/server.ts';
import type { Flavour } from '../liveos/flavours.ts';
import { liveosImage } from '../liveos/make.ts';

/**
 * Records the captures of this folder anew, with real firmware in QEMU; README.md says what each of them holds:
 *
 *     node test/captures/record.ts ovmf-pxe4-dnsmasq
 *
 * Needs what the tests in test/boot need. Nothing of it leaves a network namespace.
 */
interface Way {
  readonly flavour: Flavour;
  readonly secureBoot: boolean;
  readonly mac: string;
  /** Starts what answers the machine. */
  readonly serve: (lan: Lan, image: string) => Promise<void>;
}

const program = join(import.meta.dirname, '../../bin/bootwright.js');
const bootTimeoutMs = 900_000;
/** The live system fetches its image: the network has nothing more to do. */
const lastStep = /HTTP 200.* for GET \S+\.iso/;

async function byDnsmasq(lan: Lan, image: string): Promise<void> {
  const release = join(lan.folder, 'release');
  const flags = ['--base-url', `http://${lan.server}/`, '--no-url-check'];
  await execa(process.execPath, [program, 'build', image, '--output', release, ...flags], { cwd: lan.folder });
  await startPlainServer(lan, release, 'bootx64.efi');
}

async function byBootwright(lan: Lan, image: string): Promise<void> {
  const args = ['--interface', lan.interface, '--range', '10.99.0.50-10.99.0.60'];
  const server = await startServer({ place: lan, args });
  await copyFile(image, join(server.images, 'liveos.iso'));
  await server.waitFor('published', 60_000);
}

const ways: Readonly<Record<string, Way>> = {
  'ovmf-pxe4-dnsmasq': { flavour: 'http', secureBoot: false, mac: '52:54:00:b0:07:01', serve: byDnsmasq },
  'ovmf-pxe4-secure-boot': { flavour: 'signed', secureBoot: true, mac: '52:54:00:b0:07:02', serve: byBootwright },
  'ovmf-pxe4-bootwright': { flavour: 'http', secureBoot: false, mac: '52:54:00:b0:07:03', serve: byBootwright },
};

async function record(name: string, { flavour, secureBoot, mac, serve }: Way): Promise<void> {
  const image = await liveosImage(flavour, () => {});
  const lan = await createLan();
  try {
    const place = join(import.meta.dirname, `${name}.pcapng`);
    // Where the machine is plugged in: some kernels show nobody the TCP that a bridge hands to a veth device.
    const flags = ['--interface', lan.port, '--write', place, '--brief'];
    const copy = join(lan.folder, 'liveos.iso');
    await copyFile(image, copy);
    await serve(lan, copy);
    const [first = '', ...rest] = [...lan.enter, process.execPath, program, 'capture', ...flags];
    const recorder = execa(first, rest, { stdin: 'ignore', stderr: 'inherit', reject: false, buffer: false });
    const fetching = new Promise<void>((resolve) => {
      createInterface({ input: recorder.stdout }).on('line', (line) => {
        writeFileSync(1, `${line}\n`);
        if (lastStep.test(line)) resolve();
      });
    });
    const machine = await startMachine({ lan, secureBoot, from: { mac } });
    await Promise.race([fetching, machine.console.waitFor(/ login: /, bootTimeoutMs)]);
    await machine.stop();
    recorder.kill('SIGINT');
    await recorder;
  } finally {
    await lan.remove();
  }
}

for (const name of process.argv.slice(2)) {
  const way = ways[name];
  if (way === undefined) {
    writeFileSync(2, `there is no "${name}"; there are: ${Object.keys(ways).join(', ')}\n`);
    process.exitCode = 2;
  } else await record(name, way);
}
