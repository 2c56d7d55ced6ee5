/** Standard error and standard output for log lines: whoever reads them slowly, or not at all, holds nobody up.
 * @module */

/** Characters that wait to be written; what comes beyond them is left out. */
const ROOM = 1_048_576;

/** What a {@linkcode LogOutput} writes to, in the words of `Deno.stderr`. */
export interface LogStream {
  /** Takes some or all of the bytes. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes lines one after the other, while the program goes on. */
export class LogOutput {
  readonly #stream: LogStream;
  readonly #room: number;
  #lines: string[] = [];
  #waiting = 0;
  #writing: Promise<void> | undefined;

  /**
   * @param stream where lines go
   * @param room characters that may wait
   */
  constructor(stream: LogStream, room: number = ROOM) {
    this.#stream = stream;
    this.#room = room;
  }

  /**
   * Takes one line without its end.
   *
   * @param line the line
   * @returns false when there is no room for it: it is left out
   */
  write(line: string): boolean {
    const length = line.length + 1;
    if (this.#waiting + length > this.#room) return false;
    this.#lines.push(line);
    this.#waiting += length;
    this.#writing ??= this.#writeAll();
    return true;
  }

  /**
   * Waits until everything is written, but not for ever.
   *
   * @param milliseconds how long
   */
  async flush(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, milliseconds));
    await Promise.race([this.#writing, late]);
    clearTimeout(timer);
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      const text = this.#lines.join("\n") + "\n";
      this.#lines = [];
      await this.#writeText(text);
      this.#waiting -= text.length;
    }
    this.#writing = undefined;
  }

  async #writeText(text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(await this.#stream.write(bytes));
    } catch {
      // the reader has gone for good: nobody is left who could be told
    }
  }
}

/** The one output for each of the two, as lines of several loggers must not cut each other. */
export const logOutputs: { readonly stderr: LogOutput; readonly stdout: LogOutput } = {
  stderr: new LogOutput(Deno.stderr),
  stdout: new LogOutput(Deno.stdout),
};

/** Milliseconds that the end of the program waits for a reader of its last lines. */
const LAST_WAIT = 500;

/** Writes what is left, at the end of the program. */
export async function flushLogs(): Promise<void> {
  await Promise.all([logOutputs.stderr.flush(LAST_WAIT), logOutputs.stdout.flush(LAST_WAIT)]);
}
