/** Child processes for tests: wait for a line, send a signal, see how they end. */

import { registryFlags } from "../../tools/registry.ts";

/** How a process ended. */
export interface ChildEnd {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly out: string;
  readonly err: string;
}

const ROOT = new URL("../../", import.meta.url);

/** A process that runs. */
export class Child implements AsyncDisposable {
  /** What it has printed so far. */
  readonly text = { out: "", err: "" };
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #done: Promise<unknown>;
  #changed = Promise.withResolvers<void>();
  #ended = false;
  #lineStart = 0;

  /**
   * Starts a program, in the folder of the checkout.
   * @param command its name
   * @param args its arguments
   * @param more environment variables on top of those that the tests have
   */
  constructor(command: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    // Deno starts no named program while LD_* is set
    const env = Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("LD_")));
    this.#child = new Deno.Command(command, {
      args: [...args],
      cwd: ROOT,
      env: { ...env, ...more, NO_COLOR: "1" },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#done = Promise.all([this.#collect("out"), this.#collect("err")]).then(() => {
      this.#ended = true;
      this.#changed.resolve();
    });
  }

  /** Starts `deno run -A --no-check script ...args`. */
  static async deno(script: string, args: readonly string[] = [], flags: readonly string[] = ["-A"]): Promise<Child> {
    return new Child(Deno.execPath(), ["run", "--no-check", ...flags, ...await registryFlags(), script, ...args]);
  }

  /** Starts `deno serve -A --no-check ...flags script`. */
  static async serve(script: string, flags: readonly string[] = []): Promise<Child> {
    return new Child(Deno.execPath(), ["serve", "-A", "--no-check", ...flags, ...await registryFlags(), script]);
  }

  /** Id of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until what it printed matches. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text.out) ?? pattern.exec(this.text.err);
      if (match !== null) return match;
      if (this.#ended) throw new Error(`the process ended without ${pattern}:\n${this.text.out}${this.text.err}`);
      await this.#changed.promise;
    }
  }

  /** Waits for the next line of its standard output. */
  async nextLine(): Promise<string> {
    for (;;) {
      const end = this.text.out.indexOf("\n", this.#lineStart);
      if (end >= 0) {
        const line = this.text.out.slice(this.#lineStart, end);
        this.#lineStart = end + 1;
        return line;
      }
      if (this.#ended) throw new Error(`the process ended without a further line:\n${this.text.out}${this.text.err}`);
      await this.#changed.promise;
    }
  }

  /** Writes a line to its standard input, or text with another ending. */
  async write(line: string, ending = "\n"): Promise<void> {
    await this.#input.write(new TextEncoder().encode(line + ending));
  }

  /** Ends its standard input. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. */
  async end(): Promise<ChildEnd> {
    const [{ code, signal }] = await Promise.all([this.#child.status, this.#done]);
    return { code, signal, ...this.text };
  }

  /** SIGTERM, and an error unless it ends with 0. */
  async stop(): Promise<ChildEnd> {
    this.signal("SIGTERM");
    const end = await this.end();
    if (end.code !== 0) throw new Error(`the process ended with ${end.code} after SIGTERM:\n${end.out}${end.err}`);
    return end;
  }

  /** Ends what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.end();
    await this.#input.close().catch(() => {}); // the process closed it, or nobody can
  }

  async #collect(name: "out" | "err"): Promise<void> {
    const stream = name === "out" ? this.#child.stdout : this.#child.stderr;
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.text[name] += text;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}
