import { access, constants } from 'node:fs/promises';
import { execa } from 'execa';

/** QEMU's arguments for the fastest way to run a machine here. */
export type Accelerator = readonly string[];

const hardware: Accelerator = ['-accel', 'kvm', '-cpu', 'host'];
const software: Accelerator = ['-accel', 'tcg,thread=multi', '-cpu', 'max'];

let chosen: Promise<Accelerator> | undefined;

/** Hardware where it really works, else software; found out once. */
export function accelerator(): Promise<Accelerator> {
  chosen ??= hardwareWorks().then((works) => (works ? hardware : software));
  return chosen;
}

export async function hasHardwareAcceleration(): Promise<boolean> {
  return (await accelerator()) === hardware;
}

/** On some clouds /dev/kvm is there and QEMU dies of it: only a machine that is still alive after a second proves it. */
async function hardwareWorks(): Promise<boolean> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  const { timedOut } = await execa(
    'qemu-system-x86_64',
    [...hardware, '-machine', 'q35,smm=on', '-m', '64', '-display', 'none', '-serial', 'none', '-monitor', 'none'],
    { timeout: 1000, reject: false, stdin: 'ignore' },
  );
  return timedOut;
}
