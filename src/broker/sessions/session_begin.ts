/** A client gets its session: a new one, the stored one, or the one of a connection that it takes over.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import type { ConnectPacket } from "../../packets/types.ts";
import type { Client } from "../../session/client.ts";
import { ADDRESS, OWNER } from "../../session/cost.ts";
import { Session, type SessionLink } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { endSession, finishShort } from "./session_end.ts";
import { allowedExpiry, requestedExpiry } from "./session_expiry.ts";
import { cancelWill, ownWill, setWill } from "./wills.ts";

/** A connection that can have a session. */
export interface SessionHolder extends SessionLink {
  /** Who is connected, once CONNECT has come. */
  readonly client: Client | undefined;
  /** The session, once there is one. */
  session: Session | undefined;
}

/**
 * Ends what stands in the way of a client: the connection that has its session, and with Clean Start the session. Messages that go to
 * others then may be thousands, so that is done in portions.
 * @returns what has to be waited for before it is asked again; `undefined` when the session may begin
 * @throws MqttError 0x85 when the session belongs to another user
 */
export function clearWay(
  core: Core,
  { id, username }: Client,
  { cleanStart }: ConnectPacket,
): Promise<void> | undefined {
  checkPrincipal(core, id, username);
  takeOver(core, id);
  const session = core.sessions.get(id);
  if (session !== undefined && cleanStart) endSession(core, session); // [MQTT-3.1.2-4]
  return finishShort(core, id);
}

/**
 * Attaches the connection to the session of its ClientID, once its way is clear. Sync, so that no two connections get one session.
 * @returns true when a stored session goes on (Session Present)
 */
export function beginSession(core: Core, connection: SessionHolder, packet: ConnectPacket): boolean {
  const client = connection.client!, expiry = allowedExpiry(core, requestedExpiry(packet));
  let session = core.sessions.get(client.id);
  const present = session !== undefined; // [MQTT-3.1.2-5]
  if (session === undefined) {
    session = new Session(client, expiry, core.deliveries); // [MQTT-3.1.2-6]
    core.sessions.add(session);
  } else continueSession(core, session, { client, expiry });
  if (packet.will !== undefined) setWill(core, session, { will: ownWill(packet.will), dueAt: undefined }); // [MQTT-3.1.2-7]
  session.disconnectedAt = undefined;
  attach(core, connection, session);
  return present;
}

/** Bytes that sessions take by themselves, with the Packet Identifiers of QoS 2 messages from their clients, and with who holds what. */
export function bytesOfSessions({ sessions, deliveries, retainedOwners }: Core): number {
  const { addresses, receivedBytes } = deliveries;
  return sessions.bytes + receivedBytes + ADDRESS * addresses.size + OWNER * retainedOwners.size;
}

/** Gives a session its connection, which counts from here on. */
export function attach(core: Core, connection: SessionHolder, session: Session): void {
  const { info } = core;
  session.link = connection;
  connection.client!.session = connection.session = session;
  info.clientsConnected++;
  info.clientsMaximum = Math.max(info.clientsMaximum, info.clientsConnected);
}

/** A session belongs to the user that made it. */
function checkPrincipal(core: Core, clientId: string, username: string | undefined): void {
  const session = core.sessions.get(clientId);
  if (session === undefined || session.username === username) return;
  throw new MqttError(
    ReasonCode.ClientIdentifierNotValid,
    "Cannot use this Client Identifier: another user has a session with it",
  );
}

/** Ends the connection that has the session [MQTT-3.1.4-3]. */
function takeOver(core: Core, clientId: string): void {
  core.sessions.get(clientId)?.link?.close(
    ReasonCode.SessionTakenOver,
    new Error("another connection uses this Client Identifier"),
  );
}

function continueSession(core: Core, session: Session, next: { client: Session["client"]; expiry: number }): void {
  core.scheduler.cancel(session.expiryTask);
  session.expiryTask = undefined;
  cancelWill(core, session);
  session.client = next.client;
  session.expiryInterval = next.expiry;
}
