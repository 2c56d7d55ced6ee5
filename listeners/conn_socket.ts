/** A connection of the runtime as a socket of the broker.
 * @module */
import type { ListenerContext, Socket } from "../src/broker/core/listener.ts";

/** What a connection has to be able to do; `Deno.Conn` can. */
export interface NetConnection {
  /** Address of the peer, if it has one. */
  readonly remoteAddr?: Deno.Addr | string;
  /** Reads at least one byte; `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some or all of the bytes. */
  write(data: Uint8Array): Promise<number>;
  /** Ends the outgoing half, where the transport can do that. */
  closeWrite?(): Promise<void>;
  /** Ends the stream both ways. */
  close(): void;
}

/**
 * Adapts a connection. The promises of the connection are passed on as they are: a peer that resets the connection makes
 * `read` and `write` reject, which ends that connection and nothing else.
 */
class ConnSocket implements Socket {
  /** Address of the peer. */
  readonly remoteAddress: string;
  /** The connection. */
  protected readonly connection: NetConnection;

  /**
   * Makes one.
   *
   * @param connection the connection
   * @param remoteAddress address of its peer
   */
  constructor(connection: NetConnection, remoteAddress: string) {
    this.connection = connection;
    this.remoteAddress = remoteAddress;
  }

  /**
   * Reads at least one byte.
   *
   * @param buffer where the bytes go
   * @returns the number of bytes, `null` at the end
   */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.connection.read(buffer);
  }

  /**
   * Writes some or all of the bytes.
   *
   * @param data the bytes
   * @returns how many were taken
   */
  write(data: Uint8Array): Promise<number> {
    return this.connection.write(data);
  }

  /** Ends the connection; safe to call twice. */
  close(): void {
    try {
      this.connection.close();
    } catch {
      // it was closed already, which is what was wanted
    }
  }
}

/** A {@linkcode ConnSocket} over a connection that can end its outgoing half. */
class HalfCloseSocket extends ConnSocket {
  closeWrite(): Promise<void> {
    return this.connection.closeWrite!();
  }
}

/**
 * Adapts a connection to what it can do.
 *
 * @param connection the connection
 * @param remoteAddress address of its peer
 * @returns a socket, with `closeWrite` where the connection has it
 */
export function connSocket(connection: NetConnection, remoteAddress: string): Socket {
  return connection.closeWrite === undefined
    ? new ConnSocket(connection, remoteAddress)
    : new HalfCloseSocket(connection, remoteAddress);
}

/**
 * Hands a new connection over to the broker, or closes it when there is no place for it.
 *
 * @param socket the connection
 * @param context the broker
 */
export function takeOver(socket: Socket, context: ListenerContext): void {
  const permit = context.enter(socket.remoteAddress, () => socket.close());
  if (permit === undefined) socket.close();
  else context.accept(socket, permit);
}
