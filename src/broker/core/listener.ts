/** The two contracts between the broker and the world: a listener brings sockets, a socket carries bytes.
 * @module */
import type { Logger } from "../../hook/logger.ts";
import type { SystemInfo } from "../../hook/system_info.ts";
import type { PeerCertificate } from "../../session/client.ts";

/** An ordered, lossless stream of bytes both ways [MQTT-4.2-1]. `Deno.Conn` needs only an address to be one. */
export interface Socket {
  /** Address of the peer for logs, rules and limits: `host:port`, or a path. */
  readonly remoteAddress: string;
  /** What the peer showed of itself in TLS, when it was asked. */
  readonly certificate?: PeerCertificate;
  /**
   * Reads at least one byte into `buffer`, or nothing where what has come holds nothing for the broker: so others have their
   * turn before it is read again.
   * @returns the number of bytes, or `null` at the end of the stream
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes some or all of `data`. The bytes are not changed until the promise settles.
   * @returns the number of bytes taken, at least 1
   */
  write(data: Uint8Array): Promise<number>;
  /** Ends the outgoing half, so that the peer reads what was written and then the end, where the transport can do that. */
  closeWrite?(): Promise<void>;
  /** Ends the stream both ways after what was written. Never throws; a pending read resolves `null` or rejects. */
  close(): void;
}

/** The place of one open connection among all that the broker may have. */
export interface SocketPermit {
  /** Gives the place back: the connection is closed. Safe to call twice. */
  leave(): void;
}

/** What a listener may ask of the broker. */
export interface ListenerContext {
  /**
   * Asks for a place for a connection, before anything else is done for it: before its TLS handshake, before its HTTP request is
   * read. This is where connections are counted, by address and in all.
   *
   * @param remoteAddress address of the peer: `host:port`, or a path
   * @param close ends the connection at once and never throws; called when the place is needed for somebody else, as long as no
   * client was let in over it
   * @returns what to hand over with the socket, or to give back when the connection ends without; `undefined` when there is no
   * place: close the connection without a word
   */
  enter(remoteAddress: string, close: () => void): SocketPermit | undefined;
  /**
   * Hands over a socket. The broker closes it and gives its place back; the promise resolves after that and never rejects.
   *
   * @param socket the connection
   * @param permit what {@linkcode ListenerContext.enter} gave for it; without one the broker asks for a place itself
   */
  accept(socket: Socket, permit?: SocketPermit): Promise<void>;
  /** The counters as they are now. */
  info(): SystemInfo;
  /** True while the broker serves and every hook that was asked says that it is well. */
  healthy(): boolean;
  /**
   * Resolves when clients have had their turn, and sockets were looked at. For loops that go on as long as there is something to do:
   * what is there already is read and accepted within microtasks, in which nothing else happens.
   */
  nextRound(): Promise<void>;
  /**
   * Sets a limit of time for a peer. It is over when the time has passed and what had arrived until then was read; time in which
   * the process stood still does not count.
   *
   * @param milliseconds how long the peer may take
   * @param expired called once when the time is over
   * @returns takes the limit back; may be called at any time, and twice
   */
  deadline(milliseconds: number, expired: () => void): () => void;
  /** For what the listener wants to say. Of lines with the same message above debug a few are written in ten seconds. */
  readonly logger: Logger;
}

/** A way into the broker. Bring your own by implementing it. */
export interface Listener {
  /** Name of this listener, unique in its broker. */
  readonly id: string;
  /** `tcp`, `tls`, `ws`, `wss`, `unix`, `http`, `memory`, ... */
  readonly protocol: string;
  /** Where it listens; after {@linkcode Listener.listen} the address that it really has. */
  readonly address: string;
  /**
   * Starts to accept. Resolves once connections can be made.
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void | Promise<void>;
  /** Stops accepting; sockets that were handed over stay open. Safe to call twice. */
  close(): void | Promise<void>;
}
