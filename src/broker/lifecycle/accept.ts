/** New sockets: counted, limited by address, and served until they end.
 * @module */
import { type AddressGuard, peerOf } from "../connection/address_guard.ts";
import { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import type { Socket } from "../core/listener.ts";

/** Serves a socket. The promise resolves when it is closed and never rejects. */
export function accept(
  core: Core,
  socket: Socket,
  origin: { listenerId: string; transport: string; guard: AddressGuard },
): Promise<void> {
  const address = peerOf(socket.remoteAddress);
  if (!core.serving || !origin.guard.enter(address)) return Promise.resolve(socket.close());
  core.info.connectionsAccepted++;
  const connection = new Connection(core, socket, origin);
  core.connections.add(connection);
  core.sockets.add(socket);
  return new Promise((resolve) =>
    connection.run((failure) => {
      if (failure !== undefined) {
        core.unexpected("a connection failed at its end", failure);
        socket.close();
      }
      core.sockets.delete(socket);
      origin.guard.leave(address);
      resolve();
    })
  );
}
