/** Strangers on the ports of WebSocket and HTTP. */

import { connect } from "node:net";
import { upgradeRequest } from "../helpers/raw_websocket.ts";

/** Connects, sends the bytes, and resets the connection before anything can be answered. */
export function sendAndReset(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, () => socket.resetAndDestroy()));
    socket.on("error", () => {}); // refused, or reset by the broker first
    socket.on("close", () => resolve());
  });
}

/** A stranger who sends what it is told and learns when it was thrown out. */
export class Stranger implements Disposable {
  /** Resolves when the broker has ended the connection, with what it has sent. */
  readonly ended: Promise<Uint8Array>;
  #connection: Deno.TcpConn;
  #received: number[] = [];
  #isOpen = true;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.ended = this.#readAll();
  }

  /** Connects. */
  static async open(port: number): Promise<Stranger> {
    return new Stranger(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and asks for a WebSocket, without waiting for the answer. */
  static async upgrade(port: number, behind: Uint8Array = new Uint8Array(0)): Promise<Stranger> {
    const stranger = await Stranger.open(port);
    await stranger.send(upgradeRequest({ early: behind }));
    return stranger;
  }

  /** False once the broker has ended the connection. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends bytes, as long as the broker takes them. @returns false when the connection has ended */
  async send(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#connection.write(rest));
      return this.#isOpen;
    } catch {
      return false;
    }
  }

  async #readAll(): Promise<Uint8Array> {
    const buffer = new Uint8Array(4_096);
    try {
      for (let length; (length = await this.#connection.read(buffer)) !== null;) {
        this.#received.push(...buffer.subarray(0, length));
      }
    } catch { /* reset */ }
    this.#isOpen = false;
    return Uint8Array.from(this.#received);
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch { /* it is closed */ }
  }
}
