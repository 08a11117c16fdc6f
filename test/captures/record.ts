import { writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { MachineFirmware } from '../boot/firmware.ts';
import { createLan, type Lan } from '../boot/lan.ts';
import { startMachine } from '../boot/machine.ts';
import { startOtherServer } from '../boot/other-server.ts';
import { startPlainServer } from '../boot/plain-server.ts';
import { startRouter6 } from '../boot/router6.ts';
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
  readonly firmware?: MachineFirmware;
  readonly secureBoot?: boolean;
  readonly mac: string;
  readonly ipv6?: boolean;
  /** What is told last. */
  readonly until: RegExp;
  /** Starts what answers the machine. */
  readonly serve: (lan: Lan, image: string) => Promise<void>;
}

const program = join(import.meta.dirname, '../../bin/bootwright.js');
const bootTimeoutMs = 900_000;
/** The live system fetches its image: the network has nothing more to do. */
const liveImage = /HTTP 200.* for GET \S+\.iso/;
/** From its kernel on, a machine does what every other one does. */
const initrd = /(?:end of|HTTP 200.* for GET) \S+\/initrd\.img/;

async function byDnsmasq(lan: Lan, image: string): Promise<void> {
  const release = join(lan.folder, 'release');
  const flags = ['--base-url', `http://${lan.server}/`, '--no-url-check'];
  await execa(process.execPath, [program, 'build', image, '--output', release, ...flags], { cwd: lan.folder });
  await startPlainServer(lan, release, 'bootx64.efi');
}

interface Served {
  readonly flags?: readonly string[];
  /** The text of `--config`. */
  readonly config?: string;
}

const asServer = ['--range', '10.99.0.50-10.99.0.60'];

function byBootwright({ flags = asServer, config = '' }: Served = {}): Way['serve'] {
  return async (lan, image) => {
    const configFile = join(lan.folder, 'bootwright.yaml');
    writeFileSync(configFile, config);
    const args = ['--config', configFile, '--interface', lan.interface, ...flags];
    const server = await startServer({ place: lan, args });
    await copyFile(image, join(server.images, 'liveos.iso'));
    await server.waitFor('published', 60_000);
  };
}

async function besideDnsmasq(lan: Lan, image: string): Promise<void> {
  await startOtherServer(lan, 'dnsmasq', lan.server);
  await byBootwright({ flags: ['--dhcp-mode', 'proxy'] })(lan, image);
}

async function overIpv6(lan: Lan, image: string): Promise<void> {
  await startRouter6(lan);
  await byBootwright({ config: 'dhcp6: { range: "fd00:99::1:50-fd00:99::1:60" }\n' })(lan, image);
}

const http = { flavour: 'http', until: initrd } as const;
const signed = { flavour: 'signed', secureBoot: true } as const;
const ipxeFirst = 'firmware:\n  efi-x64: { file: loaders/ipxe.efi }\n';

const ways: Readonly<Record<string, Way>> = {
  'bios-ipxe': { ...http, firmware: 'bios', mac: '52:54:00:b0:07:04', serve: byBootwright() },
  'ovmf-http4': { ...http, firmware: 'uefi-http', mac: '52:54:00:b0:07:05', serve: byBootwright() },
  'ovmf-ipxe-efi': { ...http, mac: '52:54:00:b0:07:06', serve: byBootwright({ config: ipxeFirst }) },
  'ovmf-pxe4-bootwright': { ...http, until: liveImage, mac: '52:54:00:b0:07:03', serve: byBootwright() },
  'ovmf-pxe4-dnsmasq': { ...http, until: liveImage, mac: '52:54:00:b0:07:01', serve: byDnsmasq },
  'ovmf-pxe4-proxy': { ...signed, until: initrd, mac: '52:54:00:b0:07:07', serve: besideDnsmasq },
  'ovmf-pxe4-secure-boot': { ...signed, until: liveImage, mac: '52:54:00:b0:07:02', serve: byBootwright() },
  'ovmf-pxe6': {
    ...http,
    until: liveImage,
    firmware: 'uefi-pxe6',
    mac: '52:54:00:b0:07:08',
    ipv6: true,
    serve: overIpv6,
  },
};

async function record(name: string, way: Way): Promise<void> {
  const { flavour, firmware = 'uefi', secureBoot = false, mac, ipv6 = false, until, serve } = way;
  const image = await liveosImage(flavour, () => {});
  const lan = await createLan({ ipv6 });
  try {
    const place = join(import.meta.dirname, `${name}.pcapng`);
    // Where the machine is plugged in: some kernels show nobody the TCP that a bridge hands to a veth device.
    const flags = ['--interface', lan.port, '--machine', mac, '--write', place, '--brief'];
    const copy = join(lan.folder, 'liveos.iso');
    await copyFile(image, copy);
    await serve(lan, copy);
    const [first = '', ...rest] = [...lan.enter, process.execPath, program, 'capture', ...flags];
    const recorder = execa(first, rest, { stdin: 'ignore', stderr: 'inherit', reject: false, buffer: false });
    const fetching = new Promise<void>((resolve) => {
      createInterface({ input: recorder.stdout }).on('line', (line) => {
        writeFileSync(1, `${line}\n`);
        if (until.test(line)) resolve();
      });
    });
    const machine = await startMachine({ lan, firmware, secureBoot, from: { mac } });
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
