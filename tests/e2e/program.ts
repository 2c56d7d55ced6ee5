/** The program with all its ways in, for real clients. */

import { Child } from "../helpers/child.ts";

/** How a client gets to the broker. */
export type Transport = "tcp" | "tls" | "ws" | "wss" | "unix";

/** Where the broker is. */
export interface Endpoint {
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
  /** Path of the Unix socket. */
  readonly path: string;
}

/** File of the authority that has signed the certificate of the broker. */
export const CA_FILE = "tests/helpers/certs/ca.pem";

const TLS = { cert_file: "tests/helpers/certs/server.pem", key_file: "tests/helpers/certs/server.key" };

/** The program, run with a configuration of its own. */
export class Program implements AsyncDisposable {
  /** What else ends with the program. */
  readonly companions: AsyncDisposableStack = new AsyncDisposableStack();
  readonly #child: Child;
  readonly #socket: string;

  private constructor(child: Child, socket: string) {
    this.#child = child;
    this.#socket = socket;
  }

  /** Starts it: everyone may connect, over every transport. */
  static async start(): Promise<Program> {
    const socket = `${Deno.env.get("TMPDIR") ?? "/tmp"}/broker.sock`;
    const address = "127.0.0.1:0";
    const configuration = {
      listeners: [
        { type: "tcp", address },
        { type: "tls", address, tls: TLS },
        { type: "ws", address },
        { type: "wss", address, tls: TLS },
        { type: "unix", address: socket },
      ],
      // the lines tell when a client has subscribed
      hooks: { auth: { allow_all: true }, debug: { events: ["subscriptions", "connections"], level: "info" } },
    };
    const child = await Child.deno("mod.ts", ["--config", "-"]);
    await child.write(JSON.stringify(configuration));
    await child.endInput();
    return new Program(child, socket);
  }

  /** Where a listener really is. */
  async endpoint(transport: Transport): Promise<Endpoint> {
    const pattern = new RegExp(`listening listener=${transport} protocol=${transport} address=(\\S+)`);
    const [, address] = await this.#child.line(pattern);
    if (transport === "unix") return { transport, host: "", port: 0, path: this.#socket };
    const [host, port] = address.split(":");
    return { transport, host, port: Number(port), path: "" };
  }

  /** Waits until the broker has accepted a subscription of a client. */
  async subscribed(clientId: string): Promise<void> {
    await this.#child.line(new RegExp(`subscribed client=${clientId} `));
  }

  /** Waits until the broker has noticed that a client has gone. */
  async gone(clientId: string): Promise<void> {
    await this.#child.line(new RegExp(`disconnected client=${clientId} `));
  }

  /** Stops it: SIGTERM has to end it with 0. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.companions.disposeAsync();
      await this.#child.stop();
    } finally {
      await this.#child[Symbol.asyncDispose]();
    }
  }
}
