/** Owns what a person sees while a run works: one line per step, with its seconds. */

export interface ProgressOutput {
  readonly isTTY: boolean;
  write(text: string): void;
}

/** What a step says about itself while it runs. */
export type Note = (note: string) => void;

export class Progress {
  readonly #output: ProgressOutput;
  readonly #started = performance.now();

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Runs `work` under `title`; its line gets the seconds that it took, and ✗ where it throws. */
  async step<Result>(title: string, work: (note: Note) => Promise<Result> | Result): Promise<Result> {
    const started = performance.now();
    this.#transient(`  ${title} …`);
    let last = '';
    const note: Note = (text) => {
      if (text === last) return;
      last = text;
      // On a terminal the note replaces the last one; a log file gets each as a line.
      if (this.#output.isTTY) this.#transient(`  ${title}: ${text} …`);
      else this.#output.write(`    ${text}\n`);
    };
    try {
      const result = await work(note);
      this.#final(`✓ ${title.padEnd(46)} ${secondsSince(started).padStart(6)}`);
      return result;
    } catch (error) {
      this.#final(`✗ ${title.padEnd(46)} ${secondsSince(started).padStart(6)}`);
      throw error;
    }
  }

  /** Says something that stays on the screen. */
  say(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** Seconds since the run began, as text. */
  elapsed(): string {
    return secondsSince(this.#started);
  }

  #transient(line: string): void {
    if (this.#output.isTTY) this.#output.write(`\r\u001b[K${line.slice(0, 160)}`);
  }

  #final(line: string): void {
    this.#output.write(this.#output.isTTY ? `\r\u001b[K${line}\n` : `${line}\n`);
  }
}

const secondsSince = (started: number): string => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
