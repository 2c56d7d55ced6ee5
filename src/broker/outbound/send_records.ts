/** A run of messages at QoS 1 or 2 to one session.
 * @module */
import type { Message } from "../../session/message.ts";
import type { FrameRun, Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { KEPT_IN_PLACE } from "./deliver.ts";

/** The packets of a run, and the messages in them. */
export interface RunOfMessages {
  readonly run: FrameRun;
  readonly messages: readonly Message[];
}

/**
 * Sends a run to a session whose link takes it, when all of its messages may be sent now.
 * @returns false when some have to wait, or when storage wants to see each of them
 */
export function sendRecords(core: Core, session: Session, { run, messages }: RunOfMessages): boolean {
  const { outbox, clientId } = session, { count } = run;
  if (!maySend(core, session, run)) return false;
  const packetId = outbox.allocatePacketIds(count);
  if (packetId === 0) return false;
  if (outbox.inflight.size + count > KEPT_IN_PLACE) messages.forEach((message) => message.detach());
  outbox.keepRun({ clientId, sequence: session.nextSequences(count), packetId, qos: run.qos as 1 | 2, messages });
  outbox.quota -= count;
  core.info.inflight += count;
  session.link!.sendRun(run, packetId);
  return true;
}

function maySend(core: Core, session: Session, run: FrameRun): boolean {
  const { outbox } = session, { maximumQueuedBytes } = core.options.capabilities;
  return core.hooks.on.onQosPublish === undefined && !outbox.ahead && !session.pumping && outbox.quota >= run.count &&
    outbox.maySend(maximumQueuedBytes - (run.end - run.start));
}
