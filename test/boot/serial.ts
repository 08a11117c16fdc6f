import { Watched } from './watched.ts';

const esc = '\u001b';
/** ECMA-48 control sequences, and the two-byte ones that terminals have. */
const sequences = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*([@-~])|[()].|[=>78cDEHM])`, 'g');
const unfinishedSequence = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*|[()])?$`);

/** What a machine says that will not boot any more, be it the firmware, shim, GRUB, dracut or the kernel. */
const signsOfFailure = [
  /No bootable option or device was found/,
  /Security Violation|Access Denied/,
  /^error: .*\n/m,
  /^(?:grub|grub rescue)> $/m,
  /dracut: FATAL: .*\n/,
  /dracut Warning: Could not boot/,
  // dracut's question about changes that will be lost, which nobody is there to answer.
  /Press \[Enter\] to continue/,
  /Kernel panic - .*\n/,
];

/** What a machine writes to its serial line, as plain text: no colours, and a new line where the cursor was moved. */
export class SerialConsole {
  #text = '';
  #unfinished = '';
  #end: string | undefined;
  readonly #watched = new Watched();

  get text(): string {
    return this.#text;
  }

  /** Adds what came in. */
  write(text: string): void {
    const all = this.#unfinished + text;
    this.#unfinished = unfinishedSequence.exec(all)?.[0] ?? '';
    const whole = all.slice(0, all.length - this.#unfinished.length);
    this.#text += whole
      .replace(sequences, (_, final: string | undefined) => (final === 'H' ? '\n' : ''))
      .replaceAll('\0', '')
      .replace(/\r+\n?/g, '\n');
    this.#watched.changed();
  }

  /** There will be no more: whoever waits hears the reason. */
  end(reason: string): void {
    this.#end = reason;
    this.#watched.changed();
  }

  /**
   * The first place where `pattern` matches what was written since the start, also in a line that is not ended.
   * Rejects after `timeoutMs`, and when the machine ends or says that it can't boot; the error shows the last lines.
   */
  waitFor(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const failed = (reason: string) =>
      new Error(`${reason} while waiting for ${pattern}. The last lines:\n${this.#lastLines()}`);
    const look = () => {
      const found = pattern.exec(this.#text);
      if (found !== null) return found;
      const sign = signsOfFailure.map((failure) => failure.exec(this.#text)).find((match) => match !== null);
      if (sign !== undefined) throw failed(`the machine says "${sign[0].trim()}"`);
      if (this.#end !== undefined) throw failed(this.#end);
      return undefined;
    };
    return this.#watched.until(look, timeoutMs, () => failed(`${timeoutMs / 1000} s passed`));
  }

  #lastLines(): string {
    return this.#text.split('\n').slice(-25).join('\n');
  }
}
