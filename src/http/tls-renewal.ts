import type { Cancel, Clock } from '../platform/clock.ts';
import { stateOf, type TlsFiles } from './tls-files.ts';
import { readTlsMaterial, type TlsMaterial } from './tls-material.ts';

export interface TlsRenewalOptions {
  readonly files: TlsFiles;
  readonly clock: Clock;
  /** In use already. */
  readonly material: TlsMaterial;
  /** There is another certificate, or another key of it. */
  readonly renewed: (material: TlsMaterial) => void;
  /** The files have changed, but not into anything that can be used. Once for each change. */
  readonly refused: (error: unknown) => void;
}

type Reading = 'renewed' | 'same' | 'refused';

export interface TlsRenewal {
  /** Reads the files now, whether they have changed or not. */
  read(): Promise<Reading>;
  close(): void;
}

/** Looking is cheap, follows every symbolic link, and works on every file system; notifications do neither. */
const lookEveryMs = 1000;

/**
 * Tells of a new certificate in the files. Tools that renew them replace one after the other: nothing is read before
 * both have been left alone for a second, and what does not fit together is told, and not used.
 */
export function watchTlsFiles(options: TlsRenewalOptions): TlsRenewal {
  const { files, clock, renewed, refused } = options;
  let used = options.material;
  let tried = used.state;
  let seen = used.state;
  let cancel: Cancel = () => {};
  let isClosed = false;
  let reading: Promise<unknown> = Promise.resolve();

  async function readNow(): Promise<Reading> {
    // Before they are read: what is written meanwhile is seen the next time.
    tried = await stateOf(files);
    try {
      const material = await readTlsMaterial(files);
      if (isClosed || (material.chain === used.chain && material.key === used.key)) return 'same';
      used = material;
      renewed(material);
      return 'renewed';
    } catch (error) {
      if (!isClosed) refused(error);
      return 'refused';
    }
  }

  function read(): Promise<Reading> {
    const next = reading.then(readNow);
    reading = next;
    return next;
  }

  async function look(): Promise<void> {
    const state = await stateOf(files);
    if (state !== tried && state === seen) await read();
    seen = state;
    expect();
  }

  function expect(): void {
    if (!isClosed) cancel = clock.after(lookEveryMs, () => void look());
  }
  expect();

  return {
    read,
    close() {
      isClosed = true;
      cancel();
    },
  };
}
