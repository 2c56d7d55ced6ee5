/** The start: what storage has kept comes back, what has expired meanwhile does not.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type {
  StoredClient,
  StoredInflightMessage,
  StoredRetainedMessage,
  StoredSubscription,
} from "../../hook/records.ts";
import type { SystemInfo } from "../../hook/system_info.ts";
import { Client } from "../../session/client.ts";
import { Message, type MessageInit } from "../../session/message.ts";
import { OutboundRecord } from "../../session/outbound_record.ts";
import { NEVER_EXPIRES, Session } from "../../session/session.ts";
import { parseTopicFilter } from "../../topics/topic_filter.ts";
import type { Core } from "../core/core.ts";
import { storeRetained } from "../routing/retain.ts";
import { endSession, watchExpiry } from "../sessions/session_end.ts";
import { addSubscription } from "../routing/subscriptions.ts";
import { releaseWill, setWill } from "../sessions/wills.ts";

/**
 * Restores counters, retained messages, sessions, subscriptions and unfinished exchanges, in this order.
 * @throws Error (as rejection) that names the hook which could not load
 */
export async function restore(core: Core): Promise<void> {
  const began = core.now();
  await restoreInfo(core);
  for (const init of await load<StoredRetainedMessage>(core, "storedRetainedMessages")) restoreRetained(core, init);
  const open: Session[] = [];
  for (const stored of await load<StoredClient>(core, "storedClients")) {
    const session = restoreSession(core, stored);
    if (stored.disconnectedAt === undefined) open.push(session);
  }
  for (const stored of await load<StoredSubscription>(core, "storedSubscriptions")) restoreSubscription(core, stored);
  for (const stored of await load<StoredInflightMessage>(core, "storedInflightMessages")) restoreInflight(core, stored);
  for (const session of [...core.sessions.values()]) wake(core, session);
  for (const session of open) noteEnd(core, session);
  tell(core, core.now() - began);
}

/** One line for those who wait for a long start, or wonder what came back. */
function tell({ deliveries, options, retained, sessions, tree }: Core, milliseconds: number): void {
  if (retained.size + sessions.size === 0) return;
  const restored = { sessions: sessions.size, retained: retained.size, subscriptions: tree.size };
  options.logger.info("storage is restored", { ...restored, messages: deliveries.inflight, milliseconds });
}

async function load<T>(
  core: Core,
  event: "storedClients" | "storedSubscriptions" | "storedInflightMessages" | "storedRetainedMessages",
): Promise<Iterable<T>> {
  return await core.hooks.load<Iterable<T>>(core.hooks.on[event]) ?? [];
}

/** Counters of the last run go on where the switch asks for it; the gauges count anew. */
async function restoreInfo(core: Core): Promise<void> {
  const stored = await core.hooks.load<SystemInfo>(core.hooks.on.storedSysInfo);
  if (stored === undefined || !core.options.compatibilities.restoreSysInfoOnRestart) return;
  const { info } = core;
  core.sentBefore = stored.bytesSent;
  info.bytesReceived = stored.bytesReceived;
  info.clientsMaximum = stored.clientsMaximum;
  info.messagesReceived = stored.messagesReceived;
  info.messagesSent = stored.messagesSent;
  info.messagesDropped = stored.messagesDropped;
  info.inflightDropped = stored.inflightDropped;
  info.packetsReceived = stored.packetsReceived;
  info.packetsSent = stored.packetsSent;
  info.connectionsAccepted = stored.connectionsAccepted;
  info.hookErrors = stored.hookErrors;
}

function restoreRetained(core: Core, init: MessageInit): void {
  const interval = init.properties?.messageExpiryInterval;
  if (interval !== undefined && init.receivedAt + interval * 1000 <= core.now()) {
    core.hooks.observe(core.hooks.on.onRetainedExpired, init.topic);
    return;
  }
  try {
    storeRetained(core, init instanceof Message ? init : new Message(init));
  } catch (error) {
    core.unexpected(`a retained message on ${init.topic} cannot be sent and is left out`, error);
  }
}

function restoreSession(core: Core, stored: StoredClient): Session {
  const { clientId: id, username, remoteAddress, listenerId, protocolVersion } = stored;
  const origin = { remoteAddress, listenerId };
  const client = new Client({ id, username, ...origin, protocolVersion, cleanStart: false });
  const session = new Session(client, stored.sessionExpiryInterval, core.deliveries);
  client.session = session;
  session.disconnectedAt = stored.disconnectedAt ?? core.now();
  setWill(core, session, stored.will);
  core.sessions.add(session);
  return session;
}

function restoreSubscription(core: Core, stored: StoredSubscription): void {
  const session = core.sessions.get(stored.clientId);
  if (session === undefined) return;
  const { qos, noLocal, retainAsPublished, retainHandling, identifier } = stored;
  const filter = parseTopicFilter(stored.topicFilter);
  addSubscription(core, session, { filter, options: { qos, noLocal, retainAsPublished, retainHandling, identifier } });
}

function restoreInflight(core: Core, stored: StoredInflightMessage): void {
  const session = core.sessions.get(stored.clientId);
  if (session === undefined) return;
  if (stored.direction === "in") {
    session.awaitPubrel(stored.packetId);
    return;
  }
  const record = stored instanceof OutboundRecord ? stored : recordOf(stored);
  record.message?.limitLife(core.options.capabilities.maximumMessageExpiryInterval);
  session.restoreSequence(record.sequence);
  session.outbox.restore(record);
}

/** What the broker keeps; the storages of this package have made it already. */
function recordOf(stored: StoredInflightMessage): OutboundRecord {
  const { message: init, qos, retain, identifiers, share } = stored;
  const message = init === undefined || init instanceof Message ? init : new Message(init);
  const record = new OutboundRecord(stored.clientId, stored.sequence, message, { qos, retain, identifiers, share });
  record.packetId = stored.packetId;
  record.state = stored.state;
  return record;
}

/** Whose connection was open when the last run ended has lost it now: expiry and will count from here, whatever comes. */
function noteEnd(core: Core, session: Session): void {
  if (session.ended) return;
  const error = new Error("the last run of the broker has ended");
  core.hooks.observe(core.hooks.on.onDisconnect, session.client, {
    reasonCode: ReasonCode.UnspecifiedError,
    error,
    sessionEnded: false,
  });
}

/** A session goes on waiting for its client, or ends when its time has passed: before anybody can connect to it. */
function wake(core: Core, session: Session): void {
  const { expiryInterval, disconnectedAt } = session;
  if (expiryInterval < NEVER_EXPIRES && disconnectedAt! + expiryInterval * 1000 <= core.now()) {
    return endSession(core, session);
  }
  watchExpiry(core, session);
  releaseWill(core, session);
}
