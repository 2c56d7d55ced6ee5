/** New sockets: counted, limited by address, and served until they end.
 * @module */
import { Connection } from "./connection.ts";
import type { Core } from "./core.ts";
import type { Socket } from "./listener.ts";

/** Serves a socket. The promise resolves when it is closed and never rejects. */
export async function accept(
  core: Core,
  socket: Socket,
  origin: { listenerId: string; transport: string; guard: AddressGuard },
): Promise<void> {
  const address = hostOf(socket.remoteAddress);
  if (!core.serving || !origin.guard.enter(address)) return socket.close();
  core.info.connectionsAccepted++;
  const connection = new Connection(core, socket, origin);
  core.connections.add(connection);
  core.sockets.add(socket);
  try {
    await connection.run();
  } catch (error) {
    core.unexpected("a connection failed at its end", error);
    socket.close();
  }
  core.sockets.delete(socket);
  origin.guard.leave(address);
}

/** The address without its port: one host counts as one. */
function hostOf(remoteAddress: string): string {
  const colon = remoteAddress.lastIndexOf(":");
  return colon > 0 ? remoteAddress.slice(0, colon) : remoteAddress;
}

/** Limits connections by address: how many at once, and how many a second. */
export class AddressGuard {
  readonly #core: Core;
  readonly #counts = new Map<string, number>();
  readonly #recent = new Map<string, number>();
  #second = 0;

  /** @param core the broker */
  constructor(core: Core) {
    this.#core = core;
  }

  /** @returns false when one of the limits is reached */
  enter(address: string): boolean {
    const { maximumClientsPerAddress, maximumConnectionRate } = this.#core.options.capabilities;
    if (maximumConnectionRate > 0 && this.#rate(address) > maximumConnectionRate) return false;
    if (maximumClientsPerAddress === 0) return true;
    const count = this.#counts.get(address) ?? 0;
    if (count >= maximumClientsPerAddress) return false;
    this.#counts.set(address, count + 1);
    return true;
  }

  /** A connection from this address has ended. */
  leave(address: string): void {
    const count = this.#counts.get(address);
    if (count === undefined) return;
    if (count <= 1) this.#counts.delete(address);
    else this.#counts.set(address, count - 1);
  }

  #rate(address: string): number {
    const second = Math.floor(this.#core.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#recent.clear();
    }
    const count = (this.#recent.get(address) ?? 0) + 1;
    this.#recent.set(address, count);
    return count;
  }
}
