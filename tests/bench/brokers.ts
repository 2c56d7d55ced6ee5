/** Brokers that are measured: the program of this package, and others by their command. */

import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";
import type { Transport } from "./load/link.ts";
import type { Variant } from "./scenarios.ts";

const ROOT = new URL("../../", import.meta.url);
const CERTS = new URL("../helpers/certs/", import.meta.url);
const START_MS = 60_000, STOP_MS = 5_000;

/** Certificate of the authority that has signed the brokers' certificate. */
export const CA: string = Deno.readTextFileSync(new URL("ca.pem", CERTS));

const CERT_FILE = fileURLToPath(new URL("server.pem", CERTS)), KEY_FILE = fileURLToPath(new URL("server.key", CERTS));

/** The ports of a broker, by transport. */
export type Ports = Readonly<Record<Transport, number>>;

/** A broker that can be started. */
export interface Contender {
  /** The command for a variant, `undefined` where this broker cannot do it. */
  command(variant: Variant, ports: Ports): readonly string[] | undefined;
}

/** A broker that runs. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly ports: Ports;
}

/** The broker of this package, as `deno task start` runs it. */
export async function ours(): Promise<Contender> {
  const deno = [Deno.execPath(), "run", "-A", "--unstable-kv", ...await registryFlags()];
  const tls = ["--tls-cert-file", CERT_FILE, "--tls-key-file", KEY_FILE];
  return {
    command({ hook }, ports) {
      if (hook !== undefined) return [...deno, "tests/bench/hooked_broker.ts", String(ports.tcp)];
      const at = (transport: Transport) => [`--${transport}`, `127.0.0.1:${ports[transport]}`];
      return [...deno, "mod.ts", ...at("tcp"), ...at("ws"), ...at("tls"), ...tls, "--info", "127.0.0.1:0"];
    },
  };
}

/**
 * A broker by its command, in which `{port}`, `{ws}` and `{tls}` stand for ports on 127.0.0.1. What the command does not
 * name is not measured.
 */
export function byCommand(text: string): Contender {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) =>
    double ?? single ?? plain
  );
  const names = { tcp: "{port}", ws: "{ws}", tls: "{tls}" };
  return {
    command({ transport, hook }, ports) {
      if (hook !== undefined || !text.includes(names[transport])) return undefined;
      return words.map((word) =>
        word.replaceAll(names.tcp, `${ports.tcp}`).replaceAll(names.ws, `${ports.ws}`).replaceAll(
          names.tls,
          `${ports.tls}`,
        )
      );
    },
  };
}

/** mosquitto, where it is installed; with no limits that would make it drop messages. */
export function mosquitto(): Contender | undefined {
  try {
    new Deno.Command("mosquitto", { args: ["-h"], stdout: "null", stderr: "null" }).outputSync();
  } catch {
    return undefined;
  }
  let directory: string | undefined;
  return {
    command({ transport, hook }, ports) {
      if (hook !== undefined) return undefined;
      const lines = [`listener ${ports.tcp} 127.0.0.1`];
      if (transport !== "tcp") lines.push(`listener ${ports[transport]} 127.0.0.1`);
      if (transport === "ws") lines.push("protocol websockets");
      if (transport === "tls") lines.push(`certfile ${CERT_FILE}`, `keyfile ${KEY_FILE}`);
      lines.push("allow_anonymous true", "max_queued_messages 0", "max_inflight_messages 0");
      lines.push("user root"); // who is not root stays who he is; root would become somebody who cannot read the key
      const file = `${directory ??= temporaryDirectory()}/mosquitto.conf`;
      Deno.writeTextFileSync(file, lines.join("\n") + "\n");
      return ["mosquitto", "-c", file];
    },
  };
}

/** A directory that is gone when the program ends. */
function temporaryDirectory(): string {
  const directory = Deno.makeTempDirSync();
  addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
  return directory;
}

/** A broker that ends, or waits too long, instead of listening. */
export class StartError extends Error {
  override name = "StartError";
}

/**
 * Starts a broker and waits until it answers.
 * @returns `undefined` where it cannot do what is asked for
 * @throws StartError (as rejection) with its last words when it does not listen
 */
export async function start(contender: Contender, variant: Variant): Promise<Running | undefined> {
  const ports = { tcp: freePort(), ws: freePort(), tls: freePort() };
  const command = contender.command(variant, ports);
  if (command === undefined) return undefined;
  const [program, ...args] = command;
  const child = new Deno.Command(program, { args, cwd: ROOT, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  const log = lastWords(child);
  const running = { pid: child.pid, ports, [Symbol.asyncDispose]: () => stop(child) };
  if (await answers(child, ports[variant.transport])) return running;
  await stop(child);
  throw new StartError(`the broker did not listen: ${command.join(" ")}\n${await log}`);
}

async function answers(child: Deno.ChildProcess, port: number): Promise<boolean> {
  let ended = false;
  child.status.then(() => ended = true);
  for (const deadline = performance.now() + START_MS; !ended && performance.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    conn?.close();
    if (conn !== undefined) return true;
  }
  return false;
}

/** Reads what a broker says, and keeps the end of it. */
async function lastWords(child: Deno.ChildProcess): Promise<string> {
  let words = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) words = (words + text).slice(-2_000);
  return words.trim();
}

async function stop(child: Deno.ChildProcess): Promise<void> {
  const timer = setTimeout(() => kill(child, "SIGKILL"), STOP_MS);
  kill(child, "SIGTERM");
  await child.status;
  clearTimeout(timer);
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // it has ended
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
