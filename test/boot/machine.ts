import { createWriteStream } from 'node:fs';
import { execa } from 'execa';
import { accelerator } from './accelerator.ts';
import { firmware, type MachineFirmware } from './firmware.ts';
import type { Lan } from './lan.ts';
import { SerialConsole } from './serial.ts';

/** The one thing that a machine can boot from: its network card (`mac` in lower case, with colons), or an image. */
type BootDevice = { readonly mac: string } | { readonly disc: string } | { readonly stick: string };

interface MachineOptions {
  readonly lan: Lan;
  /** Default `uefi`. */
  readonly firmware?: MachineFirmware;
  /** For UEFI alone. */
  readonly secureBoot: boolean;
  readonly from: BootDevice;
  /** An EFI signature list of authorities whose certificates the firmware trusts; none unless it is given. */
  readonly trusted?: string | undefined;
  readonly memoryMiB?: number;
  /** A file that gets everything the machine writes, as it is. */
  readonly serialLog?: string;
}

interface Machine {
  readonly console: SerialConsole;
  /** Pulls the plug. */
  stop(): Promise<void>;
}

function deviceArguments(from: BootDevice, { port }: Lan, kind: MachineFirmware): readonly string[] {
  if ('disc' in from) {
    const drive = `if=none,id=disc,format=raw,media=cdrom,readonly=on,file=${from.disc}`;
    // Behind a card that the kernel of clouds, which the test image has, knows.
    return ['-drive', drive, '-device', 'virtio-scsi-pci', '-device', 'scsi-cd,drive=disc,bootindex=1'];
  }
  if ('stick' in from) {
    // On no USB, which that kernel does not know.
    const drive = `if=none,id=stick,format=raw,readonly=on,file=${from.stick}`;
    return ['-drive', drive, '-device', 'virtio-blk-pci,drive=stick,bootindex=1'];
  }
  return [
    ...['-netdev', `tap,id=lan,ifname=${port},script=no,downscript=no`],
    // Without a ROM of its own on the card, UEFI's own PXE is what asks. SeaBIOS has none.
    ...['-device', `virtio-net-pci,netdev=lan,mac=${from.mac},${kind === 'bios' ? '' : 'romfile=,'}bootindex=1`],
  ];
}

/** Switches a machine on that has nothing else to boot from. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { lan, from, firmware: kind = 'uefi', memoryMiB = 2048, trusted, serialLog } = options;
  const console = new SerialConsole();
  const [first = '', ...rest] = [
    ...lan.enter,
    'qemu-system-x86_64',
    ...(await accelerator()),
    ...(await firmware(kind, options.secureBoot, lan.folder)),
    ...['-smp', '2', '-m', String(memoryMiB), '-nodefaults', '-no-user-config', '-no-reboot'],
    ...['-display', 'none', '-serial', 'stdio'],
    ...deviceArguments(from, lan, kind),
    ...(trusted === undefined ? [] : ['-fw_cfg', `name=etc/edk2/https/cacerts,file=${trusted}`]),
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
