import { createWriteStream } from 'node:fs';
import { execa } from 'execa';
import { accelerator } from './accelerator.ts';
import { firmware } from './firmware.ts';
import type { Lan } from './lan.ts';
import { SerialConsole } from './serial.ts';

interface MachineOptions {
  readonly lan: Lan;
  readonly secureBoot: boolean;
  /** Lower case, with colons. */
  readonly mac: string;
  readonly memoryMiB?: number;
  /** A file that gets everything the machine writes, as it is. */
  readonly serialLog?: string;
}

interface Machine {
  readonly console: SerialConsole;
  /** Pulls the plug. */
  stop(): Promise<void>;
}

/** Switches a UEFI machine on that has a network card and nothing else to boot from. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { lan, mac, memoryMiB = 2048, serialLog } = options;
  const console = new SerialConsole();
  const [first = '', ...rest] = [
    ...lan.enter,
    'qemu-system-x86_64',
    ...(await accelerator()),
    ...(await firmware(options.secureBoot, lan.folder)),
    ...['-smp', '2', '-m', String(memoryMiB), '-nodefaults', '-no-user-config', '-no-reboot'],
    // Nobody looks at the screen, but GRUB calls it an error if there is none.
    ...['-vga', 'std', '-display', 'none', '-serial', 'stdio'],
    ...['-netdev', `tap,id=lan,ifname=${lan.port},script=no,downscript=no`],
    // Without a ROM of its own on the card, the firmware's PXE is what asks.
    ...['-device', `virtio-net-pci,netdev=lan,mac=${mac},romfile=,bootindex=1`],
    // The firmware's network wants random numbers.
    ...['-device', 'virtio-rng-pci'],
  ];
  const qemu = execa(first, rest, { stdin: 'ignore', reject: false, buffer: false });
  const log = serialLog === undefined ? undefined : createWriteStream(serialLog);
  qemu.stdout.setEncoding('utf8').on('data', (text: string) => {
    log?.write(text);
    console.write(text);
  });
  let complaint = '';
  qemu.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = qemu.then(({ exitCode, signal }) => {
    log?.end();
    console.end(`the machine ended (${signal ?? `status ${exitCode}`}) ${complaint.trim()}`.trim());
  });
  return {
    console,
    async stop() {
      qemu.kill('SIGKILL');
      await ended;
    },
  };
}
