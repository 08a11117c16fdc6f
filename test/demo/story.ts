const colours = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;

function dim(text: string): string {
  return colours ? `\u001b[2m${text}\u001b[22m` : text;
}

/** Tells what happens, a line for each step with the time since the start; on a terminal the last line may change. */
export class Story {
  readonly #startedMs = Date.now();
  #running: { readonly step: string; readonly text: string } | undefined;
  #tick: NodeJS.Timeout | undefined;
  #step = '';

  /** Something is done. */
  tell(step: string, text: string): void {
    this.#stopRunning();
    console.log(this.#line(step, text));
    this.#step = step;
  }

  /** Something began and takes a while: the line stays until the next one is told. */
  running(step: string, text: string): void {
    if (process.stdout.isTTY !== true) {
      if (this.#running?.step !== step) console.log(this.#line(step, `${text} …`));
      this.#running = { step, text };
      return;
    }
    this.#running = { step, text };
    this.#draw();
    this.#tick ??= setInterval(() => this.#draw(), 200);
  }

  /** What could not go on, and why. */
  failed(text: string): void {
    this.#stopRunning();
    console.log(`\n${text}`);
  }

  /** A line without a time, such as the first and the last. */
  say(text: string): void {
    this.#stopRunning();
    console.log(text);
  }

  get elapsed(): string {
    const seconds = Math.round((Date.now() - this.#startedMs) / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }

  #line(step: string, text: string): string {
    const time = `${((Date.now() - this.#startedMs) / 1000).toFixed(1)} s`.padStart(8);
    return `${dim(time)}  ${(step === this.#step ? '' : step).padEnd(9)} ${text}`;
  }

  #draw(): void {
    if (this.#running === undefined) return;
    const { step, text } = this.#running;
    const line = this.#line(step, `${text} …`);
    const invisible = colours ? dim('').length : 0;
    process.stdout.write(`\r\u001b[2K${line.slice(0, (process.stdout.columns || 80) + invisible - 1)}`);
  }

  #stopRunning(): void {
    clearInterval(this.#tick);
    this.#tick = undefined;
    if (this.#running !== undefined && process.stdout.isTTY === true) process.stdout.write('\r\u001b[2K');
    this.#running = undefined;
  }
}
