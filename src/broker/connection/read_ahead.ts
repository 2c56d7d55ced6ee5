/** Notices that a client has gone while hooks decide whether it is let in: its reader waits for them.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Awaitable } from "../../hook/hook.ts";
import type { Socket } from "../core/listener.ts";
import type { Connection } from "./connection.ts";

/** Milliseconds after which it is looked: most answers come before that. */
const LOOK_AFTER = 20;
/** Bytes that a client may send meanwhile; the end behind more than that is noticed later. */
const ROOM = 256;

/**
 * Watches for the end of a connection while something is waited for.
 *
 * @param connection whose client is not let in yet
 * @param answer what hooks say, now or later
 * @returns the same
 */
export function watched<T>(connection: Connection, answer: Awaitable<T>): Awaitable<T> {
  if (!(answer instanceof Promise)) return answer;
  const { scheduler } = connection.core,
    task = scheduler.after(LOOK_AFTER, () => {
      if (connection.closed || connection.socket instanceof ReadAhead) return;
      connection.socket = new ReadAhead(connection);
    });
  return answer.finally(() => scheduler.cancel(task));
}

/** Stands in for a socket until what it has read is handed over. */
class ReadAhead implements Socket {
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #bytes = new Uint8Array(ROOM);
  readonly #filled: Promise<void>;
  #length = 0;
  #handedOver = 0;
  #isWanted = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#socket = connection.socket;
    this.#filled = this.#fill();
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress;
  }

  /** What was read ahead comes first; after that the socket is itself again, and tells of its end once more. */
  async read(buffer: Uint8Array): Promise<number | null> {
    this.#isWanted = true;
    if (this.#handedOver === this.#length) await this.#filled; // two reads at once would divide what comes
    const some = this.#bytes.subarray(this.#handedOver, this.#length).subarray(0, buffer.length);
    if (some.length > 0) {
      buffer.set(some);
      this.#handedOver += some.length;
      return some.length;
    }
    this.#connection.socket = this.#socket;
    return await this.#socket.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#socket.write(data);
  }

  close(): void {
    this.#socket.close();
  }

  async #fill(): Promise<void> {
    try {
      while (this.#length < ROOM && !this.#isWanted) {
        const count = await this.#socket.read(this.#bytes.subarray(this.#length));
        if (count === null) return this.#ended();
        this.#length += count;
        if (count === 0) await this.#rest();
      }
    } catch (error) {
      this.#ended(error);
    }
  }

  /** Others have their turn. */
  #rest(): Promise<void> {
    return new Promise((resolve) => void this.#connection.core.scheduler.after(LOOK_AFTER, resolve));
  }

  /** A client may send everything that it has to say and leave: that is heard first. */
  #ended(error: unknown = new Error("the connection was lost")): void {
    const connection = this.#connection;
    if (this.#isWanted || this.#length > 0 || connection.reader?.incompleteBytes) return;
    connection.finish(ReasonCode.UnspecifiedError, { error: error as Error });
  }
}
