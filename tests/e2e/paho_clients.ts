/** Paho for Python: one process for all of them, told what to do in lines of JSON. */

import { Child } from "../helpers/child.ts";
import { hasProgram } from "../helpers/programs.ts";
import type { ClientKind, ConnectOptions, Received, TestClient, ToSend } from "./client.ts";
import { CA_FILE, type Program } from "./program.ts";

interface Event {
  readonly client: string;
  readonly event: "connected" | "refused" | "subscribed" | "published" | "message" | "disconnected";
}

/** The kind. */
export const paho: ClientKind = {
  name: "Paho",
  needs: ["paho"],
  transports: ["tcp", "tls", "ws", "wss", ...(knowsUnixSockets() ? ["unix"] as const : [])],
  connect: async (options) => {
    const client = new PahoClient(options.clientId, processOf(options.program));
    await client.connect(options);
    return client;
  },
};

/** Version 2 does. */
function knowsUnixSockets(): boolean {
  if (!hasProgram("paho")) return false;
  const args = ["-c", "import paho.mqtt; raise SystemExit(paho.mqtt.__version__ < '2')"];
  return new Deno.Command("python3", { args }).outputSync().success;
}

const processes = new WeakMap<Program, PahoProcess>();

/** One process for all clients of a program: Python takes its time to start. */
function processOf(program: Program): PahoProcess {
  const known = processes.get(program);
  if (known !== undefined) return known;
  const process = program.companions.use(new PahoProcess());
  processes.set(program, process);
  return process;
}

class PahoProcess implements AsyncDisposable {
  readonly #child = new Child("python3", ["tests/e2e/paho_client.py"]);
  readonly #listeners = new Map<string, (event: Event) => void>();
  readonly #reading: Promise<void>;

  constructor() {
    this.#reading = this.#read();
  }

  listen(client: string, listener: (event: Event) => void): void {
    this.#listeners.set(client, listener);
  }

  async send(command: object): Promise<void> {
    try {
      await this.#child.write(JSON.stringify(command));
    } catch {
      throw new Error(`Paho has ended: ${this.#child.text.err}`);
    }
  }

  async #read(): Promise<void> {
    for (;;) {
      const line = await this.#child.nextLine().catch(() => undefined);
      if (line === undefined) return;
      const event = JSON.parse(line) as Event;
      this.#listeners.get(event.client)?.(event);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.endInput();
    const { code, err } = await this.#child.end();
    await this.#reading;
    if (code !== 0) throw new Error(`Paho ended with ${code}: ${err}`);
  }
}

class PahoClient implements TestClient {
  readonly #id: string;
  readonly #process: PahoProcess;
  readonly #messages = new Queue<Received>();
  readonly #others = new Queue<Event>();
  #open = true;

  constructor(id: string, process: PahoProcess) {
    this.#id = id;
    this.#process = process;
    process.listen(id, (event) => {
      if (event.event === "message") this.#messages.put(event as Event & Received);
      else this.#others.put(event);
    });
  }

  async connect({ endpoint, version, will, keepSession = false }: ConnectOptions): Promise<void> {
    const { transport, port, path } = endpoint;
    const host = transport === "unix" ? path : endpoint.host;
    await this.#do("connected", "connect", { transport, host, port, ca: CA_FILE, version, will, keepSession });
  }

  subscribe(filter: string, qos: number): Promise<void> {
    return this.#do("subscribed", "subscribe", { filter, qos });
  }

  publish(message: ToSend): Promise<void> {
    return this.#do("published", "publish", { retain: false, ...message });
  }

  next(): Promise<Received> {
    return this.#messages.take();
  }

  disconnect(): Promise<void> {
    this.#open = false;
    return this.#do("disconnected", "disconnect");
  }

  die(): Promise<void> {
    this.#open = false;
    return this.#do("disconnected", "die");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) await this.disconnect();
  }

  async #do(expected: Event["event"], command: string, details: object = {}): Promise<void> {
    await this.#process.send({ command, client: this.#id, ...details });
    const told = await this.#others.take();
    if (told.event !== expected) throw new Error(`expected ${expected}, but Paho tells ${JSON.stringify(told)}`);
  }
}

/** What one puts in another takes out, in order. */
class Queue<T> {
  readonly #items: T[] = [];
  #wanted: ((item: T) => void) | undefined;

  put(item: T): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) this.#items.push(item);
    else wanted(item);
  }

  take(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#wanted = resolve) : Promise.resolve(item);
  }
}
