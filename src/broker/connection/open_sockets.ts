/** All open sockets, from the first moment on: how many there may be, and which one gives way.
 *
 * Strangers can open sockets faster than anybody can serve them, and say nothing. A limit alone would shut everybody else out
 * until `connectTimeout` has passed. So above it one of those gives way over which no client was let in yet:
 *
 * - Not the newest: a good client is the newest when it comes, and the next stranger would end it before its CONNECT arrives.
 * - The oldest one has had its time: who comes stays until as many others have come as there are sockets that wait. With 1,000
 *   of them and 1,000 strangers a second that is a second; a CONNECT takes one or two round trips.
 * - Of the address that has most of them: then a flood from one address, or from a few, only ends its own sockets, and those
 *   who come from elsewhere stay as long as they like. When it comes from as many addresses as there are sockets, the oldest
 *   one of all gives way.
 *
 * Clients that were let in never give way. One socket in 32 is not for them, so that there are always some over which a client
 * can come: to take over its own connection, or to be told that there is no room.
 * @module */
import { limitedLogger } from "../../hook/limited_logger.ts";
import type { Logger } from "../../hook/logger.ts";
import type { Capabilities } from "../core/options.ts";
import type { Core } from "../core/core.ts";
import type { SocketPermit } from "../core/listener.ts";
import { peerOf } from "../../session/peer_address.ts";
import { AddressGuard } from "./address_guard.ts";
import { WaitingSockets } from "./waiting_sockets.ts";

const FULL =
  "all sockets are in use; for a new one another gives way that nobody was let in over, or it is closed; for more raise maximumSockets (maximum_sockets) and the descriptors of the process (ulimit -n)";
/** Sockets where nobody says how many there may be. */
const MANY = 1_048_576;
/** Of so many sockets one is not for clients. */
const PART_FOR_NEWCOMERS = 32;

/** Clients that may be connected: as many as the options allow, or as have room beside those who come. */
export function roomForClients({ maximumClients, maximumSockets }: Readonly<Capabilities>): number {
  const most = maximumSockets || MANY;
  return Math.min(maximumClients, most - Math.ceil(most / PART_FOR_NEWCOMERS));
}

/** The place of one socket. */
export class OpenSocket implements SocketPermit {
  /** Who counts as one. */
  readonly address: string;
  /** False once it was given back or taken away. */
  isOpen = true;
  /** Ends the socket. */
  readonly close: () => void;
  readonly #sockets: OpenSockets;

  /** @param sockets all of them @param address who counts as one @param close ends the socket */
  constructor(sockets: OpenSockets, address: string, close: () => void) {
    this.#sockets = sockets;
    this.address = address;
    this.close = close;
  }

  /** A client was let in: it does not give way any more. */
  letIn(): void {
    this.#sockets.letIn(this);
  }

  /** Gives the place back. */
  leave(): void {
    this.#sockets.leave(this);
  }
}

/** All places. */
export class OpenSockets {
  readonly #core: Core;
  readonly #guard: AddressGuard;
  readonly #waiting = new WaitingSockets<OpenSocket>();
  readonly #most: number;
  readonly #log: Logger;
  #size = 0;

  /** @param core the broker */
  constructor(core: Core) {
    this.#core = core;
    this.#guard = new AddressGuard(core);
    this.#log = limitedLogger(core.options.logger, { lines: 1, clock: core.options.clock });
    this.#most = core.options.capabilities.maximumSockets || MANY;
  }

  /** A place for a new socket. @returns `undefined` when there is none, or no more for its address */
  enter(remoteAddress: string, close: () => void): OpenSocket | undefined {
    const address = peerOf(remoteAddress);
    if (!this.#core.serving || !this.#guard.enter(address)) return undefined;
    if (this.#size >= this.#most && !this.#makeRoom()) {
      this.#guard.leave(address);
      return undefined;
    }
    const socket = new OpenSocket(this, address, close);
    this.#size++;
    this.#waiting.add(socket);
    return socket;
  }

  /** A client was let in over a socket. */
  letIn(socket: OpenSocket): void {
    this.#waiting.delete(socket);
  }

  /** A place is free again. */
  leave(socket: OpenSocket): void {
    if (!socket.isOpen) return;
    socket.isOpen = false;
    this.#size--;
    this.#waiting.delete(socket);
    this.#guard.leave(socket.address);
    this.#core.turn.readEnded();
  }

  #makeRoom(): boolean {
    this.#log.warn(FULL, { maximumSockets: this.#most });
    const socket = this.#waiting.oldestOfMost();
    if (socket === undefined) return false;
    this.leave(socket);
    socket.close();
    return true;
  }
}
