/** Clients without a socket, for packets that a program injects.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { handlePacket } from "../inbound/dispatch.ts";
import { MqttError } from "../../packets/errors.ts";
import { copyProperties } from "../../packets/copy_properties.ts";
import { type Packet, PacketType, type ProtocolVersion } from "../../packets/types.ts";
import { Client, INLINE_ID } from "../../session/client.ts";
import { InboundAliases } from "../../session/topic_aliases.ts";
import { Session } from "../../session/session.ts";
import { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import type { Socket } from "../core/listener.ts";
import { finishEnding } from "../sessions/session_end.ts";
import { attach as attachSession } from "../sessions/session_begin.ts";

/** What a client that is made by the program looks like. */
export interface NewClientOptions {
  /** ClientID; one is assigned when it is absent. */
  id?: string;
  /** User Name that hooks see. */
  username?: string;
  /** Protocol level, default 5. */
  protocolVersion?: ProtocolVersion;
  /** False to ask the hooks for permission as for any client; true (the default) needs none. */
  trusted?: boolean;
  /** Address that hooks see, default `inline`. */
  remoteAddress?: string;
}

/** Takes every byte and never has any. */
class VirtualSocket implements Socket {
  readonly remoteAddress: string;
  #end: (() => void) | undefined;

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress;
  }

  read(): Promise<null> {
    return new Promise((resolve) => this.#end = () => resolve(null));
  }

  write(data: Uint8Array): Promise<number> {
    return Promise.resolve(data.length);
  }

  close(): void {
    this.#end?.();
  }
}

/**
 * A client that exists only inside the process: connected, with a session that ends with it.
 * @throws Error when the ClientID is in use
 */
export function newVirtualClient(core: Core, options: NewClientOptions): { client: Client; connection: Connection } {
  const id = options.id ?? core.newClientId();
  if (id === INLINE_ID || core.sessions.get(id) !== undefined) {
    throw new Error(`Cannot make client: the id "${id}" is already in use`);
  }
  finishEnding(core, id);
  core.endings.get(id)?.end(); // where hooks have not answered yet
  const socket = new VirtualSocket(options.remoteAddress ?? "inline");
  const connection = new Connection(core, socket, { listenerId: "inline", transport: "inline" });
  const client = new Client({
    id,
    username: options.username,
    protocolVersion: options.protocolVersion ?? 5,
    remoteAddress: socket.remoteAddress,
    listenerId: "inline",
    transport: "inline",
    inline: options.trusted ?? true,
  });
  client.closeConnection = (reasonCode, ending) => connection.close(reasonCode, undefined, ending);
  attach(core, connection, client);
  return { client, connection };
}

function attach(core: Core, connection: Connection, client: Client): void {
  connection.deadline?.cancel();
  connection.version = client.protocolVersion;
  connection.client = client;
  connection.inboundAliases = new InboundAliases(core.options.capabilities.topicAliasMaximum, core.aliases);
  const session = new Session(client, 0, core.deliveries);
  session.sendQuota.begin(core.options.capabilities.maximumInflight);
  attachSession(core, connection, session);
  core.sessions.add(session);
  core.connections.add(connection);

  connection.state = "connected";
  connection.ready = true;
}

/**
 * Handles a packet as if the client had sent it.
 * @throws MqttError (as rejection) that has ended the connection
 */
export function injectPacket(core: Core, connection: Connection, packet: Packet): Promise<void> {
  const earlier = pending.get(connection);
  const handled = earlier === undefined
    ? handleInjected(core, connection, packet)
    : earlier.then(() => handleInjected(core, connection, packet));
  const done = handled.catch(() => {}).finally(() => { // who injected it is told
    if (pending.get(connection) === done) pending.delete(connection);
  });
  pending.set(connection, done);
  return handled;
}

/** The last packet of each connection that is being handled: the next one waits for it. */
const pending = new WeakMap<Connection, Promise<void>>();

async function handleInjected(core: Core, connection: Connection, packet: Packet): Promise<void> {
  if (connection.closed) {
    throw new MqttError(ReasonCode.ServerUnavailable, "Cannot inject a packet: the client is not connected");
  }
  core.info.packetsReceived++;
  try {
    await handlePacket(core, connection, ownCopy(packet));
  } catch (error) {
    connection.fail(error);
    throw error;
  }
}

/** Hooks may write into payload and properties, which are the program's. */
function ownCopy(packet: Packet): Packet {
  if (packet.type !== PacketType.PUBLISH) return packet;
  return { ...packet, payload: packet.payload.slice(), properties: copyProperties(packet.properties) };
}
