/** The program as a process that is attacked: with limits of its own, and with a look at what it uses. */

import { registryFlags } from "../../tools/registry.ts";
import { Child, type ChildEnd } from "./child.ts";
import { within } from "./within.ts";

/** How to start it. */
export interface ProgramOptions {
  /** Its command line. Without a listener or `--config` in it there are `tcp`, `ws` and `sysinfo`, each on a port of its own. */
  readonly args?: readonly string[];
  /** Its configuration; port 0 lets the system choose. It names the listeners then. */
  readonly config?: { readonly listeners: readonly object[]; readonly [key: string]: unknown };
  /** Descriptors that it may have. */
  readonly ulimit?: number;
  /** The most that its heap may be. */
  readonly heapMiB?: number;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

const ANY_PORT = "127.0.0.1:0";
const LISTENERS = ["--tcp", "--ws", "--info"].flatMap((option) => [option, ANY_PORT]);
const LISTENER_OPTIONS = ["--tcp", "--tls", "--ws", "--wss", "--unix", "--info"];
const LISTENING = /listening listener=(\S+) protocol=(\S+) address=\S*:(\d+)\n/g;

/** The process. */
export class BrokerProgram implements AsyncDisposable {
  /** Resolves when it has ended, wanted or not. */
  readonly exited: Promise<ChildEnd>;
  readonly #child: Child;
  #running = true;

  /** @param child the process */
  constructor(child: Child) {
    this.#child = child;
    this.exited = child.end().finally(() => this.#running = false);
  }

  /** Id of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** True until it has ended. */
  get running(): boolean {
    return this.#running;
  }

  /** What it has written so far. */
  output(): string {
    return this.#child.text.out + this.#child.text.err;
  }

  /** Waits for a line of its log. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return within(this.#child.line(pattern), String(pattern));
  }

  /** The port of the first listener with this id or protocol. */
  port(listener: string): number {
    for (const [, id, protocol, port] of this.output().matchAll(LISTENING)) {
      if (id === listener || protocol === listener) return Number(port);
    }
    throw new Error(`The program has no listener ${listener}:\n${this.output()}`);
  }

  /** Bytes of memory that it has. */
  async rssBytes(): Promise<number> {
    return Number(await this.#ask("grep VmRSS: /proc/$0/status | tr -dc 0-9")) * 1024;
  }

  /** Descriptors that it has open. */
  async descriptors(): Promise<number> {
    return Number(await this.#ask("ls /proc/$0/fd | wc -l"));
  }

  async #ask(script: string): Promise<string> {
    const { success, stdout } = await new Deno.Command("sh", { args: ["-c", script, String(this.pid)] }).output();
    if (!success || !this.#running) throw new Error(`The program has ended:\n${this.output()}`);
    return new TextDecoder().decode(stdout);
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.signal(signal);
  }

  /** SIGTERM; tells how it ended and how long that took. */
  async terminate(): Promise<{ code: number; milliseconds: number }> {
    const start = performance.now();
    this.#child.signal("SIGTERM");
    const { code } = await within(this.exited, "the end of the program");
    return { code, milliseconds: performance.now() - start };
  }

  /** Kills it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

/**
 * Starts the program and waits until it listens.
 *
 * @param options command line and limits
 * @returns the process
 */
export async function startProgram(options: ProgramOptions = {}): Promise<BrokerProgram> {
  const { ulimit, heapMiB, env, config } = options, args = argumentsOf(options);
  const flags = ["run", "-A", "--unstable-kv", "--no-check", ...await registryFlags()];
  if (heapMiB !== undefined) flags.push(`--v8-flags=--max-old-space-size=${heapMiB}`);
  const command = [Deno.execPath(), ...flags, "mod.ts", ...args];
  const limit = ulimit === undefined ? "" : `ulimit -n ${ulimit}; `;
  const child = new Child("sh", ["-c", `${limit}exec "$@"`, "sh", ...command], env);
  if (config !== undefined) await child.write(JSON.stringify(config));
  await child.endInput();
  const count = config?.listeners.length ?? args.filter((arg) => LISTENER_OPTIONS.includes(arg)).length;
  await within(child.line(new RegExp(`(listening listener=[^]*){${Math.max(1, count)}}\\n`)), "the program to listen");
  return new BrokerProgram(child);
}

function argumentsOf({ args = [], config }: ProgramOptions): readonly string[] {
  if (config !== undefined) return ["--config", "-", ...args];
  return args.some((arg) => arg === "--config" || LISTENER_OPTIONS.includes(arg)) ? args : [...LISTENERS, ...args];
}
