import { gzipSync } from 'node:zlib';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { modsSection, moduleObject, tinyPe } from '../iso/tiny-pe.ts';

const machines = { x64: 0x8664, arm64: 0xaa64 } as const;
export type Machine = keyof typeof machines;

/** An EFI program that does nothing; with `modules`, it looks like a GRUB that has them. */
export function tinyLoader(machine: Machine, modules?: readonly string[]): Uint8Array {
  if (modules === undefined) return tinyPe([], machines[machine]);
  const mods = modsSection(modules.map((module) => [0, moduleObject(module)]));
  return tinyPe([{ name: 'mods', bytes: mods }], machines[machine]);
}

/**
 * A kernel that does nothing, with its headers: an EFI program that says its version where Linux does.
 * Linux: Documentation/arch/x86/boot.rst (HdrS), Documentation/arch/arm64/booting.rst
 */
export function tinyKernel(machine: Machine, version: string): Uint8Array {
  const program = Buffer.from(tinyPe([], machines[machine]));
  const kernel = Buffer.concat([program, Buffer.alloc(Math.max(0, 0x400 - program.length))]);
  if (machine === 'arm64') {
    kernel.write('ARM\x64', 0x38, 'latin1');
    return kernel;
  }
  kernel.writeUInt16LE(0xaa55, 0x1fe);
  kernel.write('HdrS', 0x202, 'latin1');
  kernel.writeUInt16LE(0x020f, 0x206);
  kernel.writeUInt16LE(0x300 - 0x200, 0x20e);
  kernel.write(`${version} (nobody@nowhere) #1\0`, 0x300, 'latin1');
  return kernel;
}

/** An initrd of dracut's that holds the list of these modules, compressed by gzip. */
export function tinyInitrd(modules: readonly string[]): Uint8Array {
  const list = `${modules.join('\n')}\n`;
  const files = [{ path: 'usr/lib/dracut/dracut-059-4' }, { path: 'usr/lib/dracut/modules.txt', content: list }];
  return gzipSync(cpioArchive(files));
}

/** An initrd that is a whole system, as far as anybody looks. */
export function tinyFullOs(kernelVersion: string): Uint8Array {
  const files = [
    { path: 'init', mode: 0o120777, content: 'usr/lib/systemd/systemd' },
    { path: 'etc/os-release', content: 'ID=azurelinux\nVERSION_ID="3.0"\n' },
    { path: `usr/lib/modules/${kernelVersion}/modules.dep` },
    { path: 'usr/lib/systemd/systemd', mode: 0o100755, content: 'a system manager' },
  ];
  return gzipSync(cpioArchive(files));
}
