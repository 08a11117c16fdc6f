import { packetCalls } from './packet-calls.ts';

/** As many as a process may have open where nobody says otherwise: fs.nr_open. */
const mostDescriptors = 1024 * 1024;

/**
 * The descriptors that a thread has opened by the C library, in memory that threads share. Nobody closes them when the
 * thread ends: whoever started it does, however it ended.
 */
export class HeldDescriptors {
  readonly shared: SharedArrayBuffer;
  readonly #bits: Int32Array;

  constructor(shared = new SharedArrayBuffer(mostDescriptors / 8)) {
    this.shared = shared;
    this.#bits = new Int32Array(shared);
  }

  hold(fd: number): void {
    Atomics.or(this.#bits, fd >>> 5, 1 << (fd & 31));
  }

  close(fd: number): void {
    Atomics.and(this.#bits, fd >>> 5, ~(1 << (fd & 31)));
    packetCalls().close(fd);
  }

  /** Closes all that are held; how many there were. Only when the thread has ended. */
  closeAll(): number {
    let count = 0;
    for (const [word, bits] of this.#bits.entries()) {
      for (let bit = 0; bits !== 0 && bit < 32; bit += 1) {
        if ((bits & (1 << bit)) === 0) continue;
        this.close(word * 32 + bit);
        count += 1;
      }
    }
    return count;
  }
}
