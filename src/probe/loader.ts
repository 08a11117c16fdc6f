import { BootwrightError } from '../errors.ts';
import { inspectLoader, type Loader } from '../iso/pe.ts';
import { type MachineArchitecture, machineKinds } from './machine.ts';

/** No loader has as much. */
export const loaderLimitBytes = 64 * 1024 * 1024;

/** Looks whether firmware would start a loader. Throws PROBE_NOT_A_LOADER or PROBE_WRONG_ARCHITECTURE. */
export function checkLoader(path: string, bytes: Uint8Array, architecture: MachineArchitecture): Loader {
  let loader: Loader;
  try {
    loader = inspectLoader(bytes);
  } catch (cause) {
    if (!(cause instanceof BootwrightError)) throw cause;
    throw new BootwrightError('PROBE_NOT_A_LOADER', { path, reason: cause.message }, { cause });
  }
  const expected = machineKinds[architecture].loader;
  if (loader.machine !== expected) {
    throw new BootwrightError('PROBE_WRONG_ARCHITECTURE', { path, expected, got: loader.machine });
  }
  if (loader.subsystem !== 'efi-application') {
    throw new BootwrightError('PROBE_NOT_A_LOADER', { path, reason: 'it is no application, but a driver' });
  }
  return loader;
}
