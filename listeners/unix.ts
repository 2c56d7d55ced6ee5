/** MQTT over a Unix domain socket.
 * @module */
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { listenError } from "./bind.ts";
import { connSocket, takeOver } from "./conn_socket.ts";

/** Options of a {@linkcode UnixListener}. */
export interface UnixListenerOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** Path of the socket file. */
  readonly path: string;
  /** Permissions of the socket file, such as `0o660`; by default what the process' umask leaves. */
  readonly mode?: number;
}

const OPTIONS: Kinds<UnixListenerOptions> = { id: "string", path: "string", mode: [0, 0o777] };

/**
 * Listens on a Unix domain socket. A socket file that a killed process left behind is replaced; one that somebody
 * listens on is not, nor is any other file. The file is removed on close.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { UnixListener } from "@mochi/broker/listeners/unix";
 *
 * const broker = new Broker();
 * const path = `${await Deno.makeTempDir()}/mochi.sock`;
 * await broker.addListener(new UnixListener({ id: "unix1", path, mode: 0o660 }));
 * await broker.serve();
 * await broker.close();
 * ```
 */
export class UnixListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** Always `unix`. */
  readonly protocol: string = "unix";
  /** Path of the socket file. */
  readonly address: string;
  #mode: number | undefined;
  #listener: Deno.UnixListener | undefined = undefined;
  #loop: AcceptLoop<Deno.UnixConn> | undefined = undefined;
  #inode: number | null = null;

  /**
   * Makes the listener; the socket is opened later.
   *
   * @param options where to listen
   * @throws Error that names an option that cannot be used
   */
  constructor(options: UnixListenerOptions) {
    checkOptions(options, OPTIONS);
    this.id = options.id;
    this.address = options.path;
    this.#mode = options.mode;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   * @throws Error that names the path when it cannot listen there
   */
  async listen(context: ListenerContext): Promise<void> {
    if (this.#listener !== undefined) throw new Error(`Cannot listen twice: ${this.id} listens on ${this.address}`);
    try {
      await this.#removeStale();
      this.#listener = this.#open();
    } catch (cause) {
      throw listenError(this.address, cause);
    }
    const listener = this.#listener;
    this.#loop = new AcceptLoop({
      name: this.id,
      context,
      accept: () => listener.accept(),
      handle: (connection: Deno.UnixConn) => takeOver(connSocket(connection, this.address), context),
    });
  }

  /** Stops accepting and removes the file; what was accepted stays open. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#listener !== undefined) {
      this.#loop?.stop();
      this.#listener.close();
      this.#listener = undefined;
      this.#removeOwn();
    }
    await this.#loop?.finished;
  }

  #open(): Deno.UnixListener {
    const listener = Deno.listen({ transport: "unix", path: this.address });
    try {
      if (this.#mode !== undefined) Deno.chmodSync(this.address, this.#mode);
      this.#inode = Deno.lstatSync(this.address).ino;
    } catch (error) {
      listener.close();
      throw error;
    }
    return listener;
  }

  /** A file stays after SIGKILL. Only a connection attempt tells whether somebody listens on it. */
  async #removeStale(): Promise<void> {
    const stat = await Deno.lstat(this.address).catch(() => undefined);
    if (stat === undefined) return;
    if (!stat.isSocket) throw new Error("the file exists and is not a socket; remove it or choose another path");
    if (await this.#answers()) throw new Error("another process listens there; stop it or choose another path");
    await Deno.remove(this.address);
  }

  async #answers(): Promise<boolean> {
    try {
      (await Deno.connect({ transport: "unix", path: this.address })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Leaves alone what somebody else has put there since. */
  #removeOwn(): void {
    try {
      if (Deno.lstatSync(this.address).ino === this.#inode) Deno.removeSync(this.address);
    } catch {
      // it is gone already
    }
  }
}
