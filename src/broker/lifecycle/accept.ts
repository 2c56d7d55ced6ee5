/** New sockets: counted, and served until they end.
 * @module */
import { Connection } from "../connection/connection.ts";
import { OpenSocket, type OpenSockets } from "../connection/open_sockets.ts";
import type { Core } from "../core/core.ts";
import type { Socket, SocketPermit } from "../core/listener.ts";
import { PacketReader } from "../inbound/packet_reader.ts";

/** Where a socket comes from. */
export interface Origin {
  readonly listenerId: string;
  readonly transport: string;
  readonly sockets: OpenSockets;
  /** Its place; without one it is asked for here. */
  readonly permit?: SocketPermit;
}

/** Serves a socket. The promise resolves when it is closed and never rejects. */
export function accept(core: Core, socket: Socket, origin: Origin): Promise<void> {
  const place = placeOf(socket, origin);
  if (!core.serving || !place?.isOpen) {
    place?.leave();
    return Promise.resolve(socket.close());
  }
  core.info.connectionsAccepted++;
  const connection = new Connection(core, socket, origin);
  connection.place = place;
  core.connections.add(connection);
  core.sockets.add(socket);
  return serve(core, connection).then(() => {
    core.sockets.delete(socket);
    place.leave();
  });
}

/** The place that a listener has asked for; one that has been taken away meanwhile is no longer open. */
function placeOf(socket: Socket, { permit, sockets }: Origin): OpenSocket | undefined {
  return permit instanceof OpenSocket ? permit : sockets.enter(socket.remoteAddress, () => socket.close());
}

/** Reads until the connection ends; resolves once its socket is closed. */
async function serve(core: Core, connection: Connection): Promise<void> {
  const reader = new PacketReader(core, connection);
  connection.reader = reader;
  const error = await new Promise((ended) => reader.readAll(ended));
  core.incomplete.forget(reader);
  try {
    await connection.readingEnded(error);
  } catch (failure) {
    core.unexpected("a connection failed at its end", failure);
    connection.socket.close();
  }
}
