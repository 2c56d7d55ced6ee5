/** A run of messages at QoS 1 or 2 to one session.
 * @module */
import type { Message } from "../session/message.ts";
import { OutboundRecord } from "../session/outbound_record.ts";
import type { FrameRun, Session } from "../session/session.ts";
import type { Core } from "./core.ts";
import { KEPT_IN_PLACE } from "./deliver.ts";

/** The packets of a run, and the messages in them. */
export interface RunOfMessages {
  readonly run: FrameRun;
  readonly messages: readonly Message[];
}

/**
 * Sends a run to a session whose link takes it, with one record for each message, when all of them may be sent now.
 * @returns false when some have to wait, or when storage wants to see each of them
 */
export function sendRecords(core: Core, session: Session, { run, messages }: RunOfMessages): boolean {
  const { outbox } = session;
  if (!maySend(core, session, run)) return false;
  const delivery = { qos: run.qos, retain: false, identifiers: undefined, share: undefined };
  const keepsBuffer = outbox.inflight.size + run.count <= KEPT_IN_PLACE;
  const records: OutboundRecord[] = [];
  for (let index = 0; index < messages.length; index++) {
    const message = keepsBuffer ? messages[index] : messages[index].detach();
    const record = new OutboundRecord(session.clientId, session.nextSequence(), message, delivery);
    record.packetId = outbox.allocatePacketId();
    record.state = "sent";
    outbox.keep(record);
    records.push(record);
  }
  outbox.quota -= run.count;
  core.info.inflight += run.count;
  session.link!.sendRun(run, records);
  return true;
}

function maySend(core: Core, session: Session, run: FrameRun): boolean {
  const { outbox } = session, { maximumQueuedBytes } = core.options.capabilities;
  return core.hooks.on.onQosPublish === undefined && !outbox.ahead && !session.pumping && outbox.quota >= run.count &&
    outbox.roomForIds(run.count) && outbox.maySend(maximumQueuedBytes - (run.end - run.start));
}
