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
  const reader = connection.reader = new PacketReader(core, connection);
  // not an async function: its frame would wait as long as the client is here, and an idle client costs little else
  return new Promise((ended) => reader.readAll(ended)).then(async (error) => {
    core.incomplete.forget(reader);
    await end(core, connection, error);
    core.sockets.delete(socket);
    place.leave();
  });
}

/** The place that a listener has asked for; one that has been taken away meanwhile is no longer open. */
function placeOf(socket: Socket, { permit, sockets }: Origin): OpenSocket | undefined {
  return permit instanceof OpenSocket ? permit : sockets.enter(socket.remoteAddress, () => socket.close());
}

/** Nothing more can be read; resolves once the socket is closed. */
async function end(core: Core, connection: Connection, error: unknown): Promise<void> {
  try {
    await connection.readingEnded(error);
  } catch (failure) {
    core.unexpected("a connection failed at its end", failure);
    connection.socket.close();
  }
}
