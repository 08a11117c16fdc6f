import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { Flavour } from '../liveos/flavours.ts';
import { liveosImage } from '../liveos/make.ts';
import { imagePrograms, machinePrograms } from '../liveos/packages.ts';
import type { MachineFirmware } from './firmware.ts';
import { createLan, type Lan } from './lan.ts';
import { startMachine } from './machine.ts';
import { type OtherServer, startOtherServer } from './other-server.ts';
import { startPlainServer } from './plain-server.ts';
import { startRouter6 } from './router6.ts';
import { type LogLine, startServer } from './server.ts';
import { makeTrusted } from './trust.ts';

const mac = '52:54:00:b0:07:01';
const program = join(import.meta.dirname, '../../bin/bootwright.js');

/** What `describeWith` is told. */
export const bootNeeds = { root: true, programs: [...imagePrograms, ...machinePrograms] } as const;

/** One machine that went all the way to its login prompt. */
export interface Boot {
  /** All that the machine wrote to its console. */
  readonly text: string;
  /** What the system's kernel was started with, of which BOOT_IMAGE is the kernel's own name. */
  readonly kernelArguments: readonly string[];
  /** Its root file system, as in /proc/mounts. */
  readonly root: string;
  /** By which protocols a path in the release, or one below `loaders/`, went to the machine. */
  readonly protocolsOf: (path: string) => readonly string[];
  /** By which protocols anything did. */
  readonly protocols: readonly string[];
}

interface Received {
  readonly protocol: string;
  readonly path: string;
}

function bootOf(text: string, received: readonly Received[]): Boot {
  return {
    text,
    kernelArguments: /^BOOTWRIGHT-BOOTED (.*)$/m.exec(text)?.[1]?.split(' ') ?? [],
    root: /^BOOTWRIGHT-ROOT (.*)$/m.exec(text)?.[1] ?? '',
    protocolsOf: (path) => [...new Set(received.filter((each) => each.path === path).map(({ protocol }) => protocol))],
    protocols: [...new Set(received.map(({ protocol }) => protocol))],
  };
}

async function onLan<Result>(work: (lan: Lan) => Promise<Result>, options?: { ipv6: boolean }): Promise<Result> {
  const lan = await createLan(options);
  try {
    return await work(lan);
  } finally {
    await lan.remove();
  }
}

const login = / login: /;

async function untilItSays(what: RegExp, options: Parameters<typeof startMachine>[0]): Promise<string> {
  const machine = await startMachine(options);
  await machine.console.waitFor(what, 400_000);
  await machine.stop();
  return machine.console.text;
}

interface Served {
  readonly flavour: Flavour;
  readonly secureBoot?: boolean;
  readonly firmware?: MachineFirmware;
  /** The text of `--config`. */
  readonly config?: string;
  /** Gives the addresses, and we are its proxy. */
  readonly beside?: OtherServer;
  /** The network has IPv6, too, and a router that leads machines to our DHCPv6. */
  readonly ipv6?: boolean;
  /** There is a certificate, `server.pem` with `server.key`, beside the configuration, and the firmware trusts it. */
  readonly https?: boolean;
  /** Where the boot ends; at the login prompt unless it is said. */
  readonly until?: RegExp;
}

/** A boot from our server, and what that has logged. */
export interface ServedBoot extends Boot {
  readonly releaseId: string;
  readonly log: readonly LogLine[];
  /** The addresses that fetched anything. */
  readonly addresses: readonly string[];
}

/** An image is put into images/ of `bootwright serve`, and a machine boots what became of it. */
export function bootServed(request: Served): Promise<ServedBoot> {
  const { flavour, secureBoot = false, firmware = 'uefi', config = '', beside, ipv6 = false, until = login } = request;
  const { https = false } = request;
  return onLan(
    async (lan) => {
      const image = await liveosImage(flavour, () => {});
      const configFile = join(lan.folder, 'bootwright.yaml');
      await writeFile(configFile, config);
      const trusted = https ? await makeTrusted(lan.folder, lan.server) : undefined;
      // Debian's GRUB asks nobody but the next server of the DHCP server: docs/reference/firmware.md.
      if (beside !== undefined) await startOtherServer(lan, beside, lan.server);
      if (ipv6) await startRouter6(lan);
      const mode = beside === undefined ? ['--range', '10.99.0.50-10.99.0.60'] : ['--dhcp-mode', 'proxy'];
      const server = await startServer({
        place: lan,
        args: ['--config', configFile, '--interface', lan.interface, ...mode],
      });
      await copyFile(image, join(server.images, 'liveos.iso'));
      const { releaseId } = await server.waitFor('published', 60_000);
      const text = await untilItSays(until, { lan, secureBoot, firmware, trusted, from: { mac } });
      await server.stop();
      const files = server.lines.flatMap((line) =>
        line.step === 'served' && line.outcome === 'complete'
          ? [{ ...line, path: line.path.replace(/^\/+/, '').replace(`releases/${releaseId}/`, '') }]
          : [],
      );
      const addresses = [...new Set(files.map(({ address }) => address))];
      return { releaseId, log: server.lines, addresses, ...bootOf(text, files) };
    },
    { ipv6 },
  );
}

interface Build {
  readonly flavour: Flavour;
  /** What `bootwright build` is told beside the image, the output and the configuration. */
  readonly flags?: readonly string[];
  /** The text of `--config`. */
  readonly config?: string;
}

async function build(lan: Lan, { flavour, flags = [], config }: Build, output: string): Promise<void> {
  const image = join(lan.folder, 'liveos.iso');
  await copyFile(await liveosImage(flavour, () => {}), image);
  const configFile = join(lan.folder, 'image.yaml');
  if (config !== undefined) await writeFile(configFile, config);
  const given = config === undefined ? flags : ['--config', configFile, ...flags];
  await execa(process.execPath, [program, 'build', image, '--output', output, ...given], { cwd: lan.folder });
}

/** `bootwright build` makes a folder, programs of others serve it, and a machine boots it. */
export function bootBuilt(request: Build): Promise<Boot> {
  return onLan(async (lan) => {
    const folder = join(lan.folder, 'release');
    await build(lan, request, folder);
    const server = await startPlainServer(lan, folder, 'bootx64.efi');
    return bootOf(await untilItSays(login, { lan, secureBoot: false, from: { mac } }), server.served);
  });
}

/** `bootwright build --format iso` makes an image, and a machine without a network boots it as a disc or as a stick. */
export function bootMedium(request: Build, as: 'disc' | 'stick'): Promise<Boot> {
  return onLan(async (lan) => {
    const image = join(lan.folder, 'made.iso');
    await build(lan, { ...request, flags: ['--format', 'iso', ...(request.flags ?? [])] }, image);
    const from = as === 'disc' ? { disc: image } : { stick: image };
    return bootOf(await untilItSays(login, { lan, secureBoot: false, from }), []);
  });
}

/** Nothing went wrong on the way that somebody at the console would have seen, and nobody was asked. */
export function expectNoComplaint({ text }: Boot): void {
  expect(text).not.toMatch(/^error:|^grub>|press (?:any|a|\[enter\])|FATAL/im);
}
