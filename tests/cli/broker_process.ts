/** The program as a process, for tests: `deno run -A mod.ts`.
 * @module */
import { registryFlags } from "../../tools/registry.ts";

/** Ports that the system chooses, on this machine only. */
export const ANY_PORT = "127.0.0.1:0";

const MOD = new URL("../../mod.ts", import.meta.url).pathname;

/** How a process ended. */
export interface Ended {
  /** Exit code. */
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

/** A process that runs. */
export class BrokerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #done: Promise<unknown>;
  readonly #text = { out: "", err: "" };
  #changed = Promise.withResolvers<void>();
  #ended = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#done = Promise.all([this.#collect("out", child.stdout), this.#collect("err", child.stderr)]).then(() => {
      this.#ended = true;
      this.#changed.resolve();
    });
  }

  /**
   * Starts the program.
   * @param args its command line
   * @param input what it reads from standard input
   * @param registry flags that tell Deno where packages are
   */
  static async start(args: string[], input = "", registry?: string[]): Promise<BrokerProcess> {
    const packages = registry ?? await registryFlags();
    const flags = ["run", "-A", "--unstable-kv", "--no-check", ...packages, MOD, ...args];
    const env = Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("LD_")));
    const command = new Deno.Command(Deno.execPath(), {
      args: flags,
      env: { ...env, NO_COLOR: "1" },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    const child = command.spawn();
    const process = new BrokerProcess(child);
    await new Blob([input]).stream().pipeTo(child.stdin).catch(() => {}); // it may have ended without reading
    return process;
  }

  /** Runs the program to its end. */
  static async run(args: string[], input?: string, registry?: string[]): Promise<Ended> {
    await using process = await BrokerProcess.start(args, input, registry);
    return await process.end();
  }

  /** Waits for a line of the log, wherever it is written to. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#text.err) ?? pattern.exec(this.#text.out);
      if (match !== null) return match;
      if (this.#ended) throw new Error(`The program ended without ${pattern}:\n${this.#text.err}`);
      await this.#changed.promise;
    }
  }

  /** Waits for a listener and gives its address. */
  async address(listener: string): Promise<string> {
    return (await this.line(new RegExp(`listening listener=${listener} .*address=(\\S+)`)))[1];
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. */
  async end(): Promise<Ended> {
    const [{ code }] = await Promise.all([this.#child.status, this.#done]);
    return { code, ...this.#text };
  }

  /** Ends what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.end();
  }

  async #collect(name: "out" | "err", stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text[name] += text;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}
