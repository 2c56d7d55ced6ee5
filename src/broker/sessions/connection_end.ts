/** What follows the end of a connection: will, session, hooks.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { KEPT_IN_PLACE } from "../outbound/deliver.ts";
import type { SessionHolder } from "./session_begin.ts";
import { endSession, watchExpiry } from "./session_end.ts";
import { releaseWill, setWill } from "./wills.ts";

/** How a connection ended. */
export interface ConnectionEnding {
  /** MQTT 5 reason code; 0x00 is a normal DISCONNECT of the client. */
  readonly reasonCode: number;
  /** What ended it, when it was not the client's DISCONNECT 0x00. */
  readonly error: Error | undefined;
  /** True when CONNECT had been accepted. */
  readonly established: boolean;
}

/** Detaches the session and lets it live on, or ends it. */
export function connectionEnded(core: Core, connection: SessionHolder, ending: ConnectionEnding): void {
  const { client, session } = connection;
  if (client === undefined) return;
  client.closeConnection = undefined;
  if (session !== undefined) core.info.clientsConnected--;
  const sessionEnded = session !== undefined && session.link === connection && detach(core, session, ending);
  core.hooks.observe(core.hooks.on.onDisconnect, client, {
    reasonCode: ending.reasonCode,
    error: ending.error,
    sessionEnded,
  });
  client.properties = undefined; // hooks have had them, and a session that sleeps has no use for them
  core.options.logger.debug("a client has gone", {
    client: client.id,
    reasonCode: ending.reasonCode,
    error: ending.error?.message,
  });
}

/** @returns true when the session ended with its connection */
function detach(core: Core, session: Session, ending: ConnectionEnding): boolean {
  session.link = undefined;
  session.disconnectedAt = core.now();
  session.existingOutbox?.relief?.end();
  session.existingOutbox?.endReplays();
  if (ending.reasonCode === ReasonCode.NormalDisconnection || !ending.established) { // [MQTT-3.14.4-3] [MQTT-3.1.2-7]
    setWill(core, session, undefined);
  }
  if (session.expiryInterval === 0) { // [MQTT-4.1.0-2]
    endSession(core, session);
    return true;
  }
  detachMessages(session);
  watchExpiry(core, session);
  releaseWill(core, session);
  return false;
}

/** Lets go of read buffers of publishers: only the oldest messages may be in one. */
function detachMessages({ existingOutbox }: Session): void {
  let record = existingOutbox?.inflight.oldest;
  for (let left = KEPT_IN_PLACE; left > 0 && record !== undefined; left--, record = record.newer) {
    record.message?.detach();
  }
}
