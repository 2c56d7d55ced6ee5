/** New sockets: counted, limited by address, and served until they end.
 * @module */
import { type AddressGuard, peerOf } from "../connection/address_guard.ts";
import { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import type { Socket } from "../core/listener.ts";
import { PacketReader } from "../inbound/packet_reader.ts";

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
  return serve(core, connection).then(() => {
    core.sockets.delete(socket);
    origin.guard.leave(address);
  });
}

/** Reads until the connection ends; resolves once its socket is closed. */
async function serve(core: Core, connection: Connection): Promise<void> {
  const reader = new PacketReader(core, connection);
  connection.reader = reader;
  const error = await new Promise((ended) => reader.readAll(ended));
  try {
    await connection.readingEnded(error);
  } catch (failure) {
    core.unexpected("a connection failed at its end", failure);
    connection.socket.close();
  }
}
