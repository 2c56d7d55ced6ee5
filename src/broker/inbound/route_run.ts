/** A run of messages is routed: one decision and one range of bytes for each subscriber, where that is all it takes.
 * @module */
import type { Message } from "../../session/message.ts";
import type { Session } from "../../session/session.ts";
import type { MatchedSubscriber, MatchResult } from "../../topics/subscription_tree.ts";
import { authorize } from "../core/authorize.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { deliverMatch } from "../routing/fan_out.ts";
import { accept, acceptSeen, acknowledge, beginning, checkTopic, deny, handlePublish } from "./handle_publish.ts";
import { noteArriving } from "./inbound_qos2.ts";
import type { PublishRun } from "./publish_run.ts";
import { PublishTask } from "./publish_task.ts";
import { judgeAll } from "../routing/recipients.ts";
import { sendRecords } from "../outbound/send_records.ts";

/**
 * Routes a run, as `handlePublish` does with each of its messages.
 * @returns a Promise only when a hook is async
 * @throws MqttError 0x90 for a topic that is not valid, and what `handlePublish` throws
 */
export function routeRun(core: Core, connection: Connection, run: PublishRun): void | Promise<void> {
  if (run.qos > 0 && !mayTake(core, connection, run)) return oneByOne(core, connection, run, handlePublish);
  core.info.messagesReceived += run.count;
  checkTopic(core, connection, run.topic);
  if (run.qos > 0) connection.receiving += run.count;
  const verdict = authorize(core, connection.client!, run.topic, "write");
  if (verdict === 0) return acceptRun(core, connection, run);
  if (typeof verdict === "number") return denyRun(core, connection, run, verdict);
  return verdict.then((code) =>
    code === 0 ? oneByOne(core, connection, run, accept) : denyRun(core, connection, run, code)
  );
}

/** False when some message of the run is to be refused, or was received before. */
function mayTake(core: Core, connection: Connection, run: PublishRun): boolean {
  const { maximumQos, receiveMaximum } = core.options.capabilities;
  if (run.qos > maximumQos) return false;
  if (connection.version === 5 && connection.receiving + run.count > receiveMaximum) return false;
  if (run.qos < 2) return true;
  const { existingInbound: inbound, arriving } = connection.session!;
  if (arriving !== undefined && arriving.length > 0) return false;
  if (inbound === undefined || inbound.size === 0) return true;
  return !run.messages(core, connection).some(({ packetId }) => inbound.has(packetId));
}

/** Takes one message after the other, each when the one before is done. */
function oneByOne(
  core: Core,
  connection: Connection,
  run: PublishRun,
  take: (core: Core, connection: Connection, message: Message) => void | Promise<void>,
): void | Promise<void> {
  run.slab?.keep();
  let at = run.start;
  return next();

  function next(): void | Promise<void> {
    while (at < run.end && (run.hasPassed || !connection.closed)) {
      const message = run.messageAt(core, connection, at);
      at = message.frameEnd;
      const pending = take(core, connection, message);
      if (pending !== undefined) return pending.then(next);
    }
  }
}

function denyRun(core: Core, connection: Connection, run: PublishRun, reasonCode: number): void {
  if (run.qos === 0) return;
  for (const message of run.messages(core, connection)) deny(connection, message, reasonCode);
}

function acceptRun(core: Core, connection: Connection, run: PublishRun): void | Promise<void> {
  const { onPublish } = core.hooks.on;
  if (onPublish === undefined) return routeGranted(core, connection, run);
  const task = new PublishTask({ core, connection, run, route: routeGranted });
  const decided = core.hooks.transformEach(onPublish, connection.client, task);
  if (decided !== undefined && run.qos === 2) {
    const first = run.firstPacketId;
    noteArriving(connection.session!, { first, last: first + run.count - 1, decided });
  }
  return decided;
}

/** Routes a run that is granted and that `onPublish` has let pass, and acknowledges it. */
function routeGranted(core: Core, connection: Connection, run: PublishRun): void | Promise<void> {
  const { on } = core.hooks;
  const isHooked = on.onPublished !== undefined || on.onSelectSubscribers !== undefined;
  const isStored = run.qos === 2 && on.onQosPublish !== undefined; // what storage keeps of a message belongs to one commit
  const matched = isHooked || isStored ? undefined : core.tree.match(run.topic);
  const take = run.hasPassed ? acceptSeen : accept; // QoS 2 may have come again meanwhile, unless it is known to arrive
  if (matched === undefined || matched.shares.length > 0) return oneByOne(core, connection, run, take);
  const denied = judgeAll(core, run, matched.subscribers);
  if (denied instanceof Promise) return oneByOne(core, connection, run, take);
  deliverRun(core, connection, run, { matched, denied });
  if (run.qos > 0) acknowledgeRun(core, connection, run, matched.subscribers.length);
}

function deliverRun(
  core: Core,
  connection: Connection,
  run: PublishRun,
  to: { matched: MatchResult<Session>; denied: readonly number[] | undefined },
): void {
  const { matched: { subscribers }, denied } = to;
  let next = 0;
  for (let index = 0; index < subscribers.length; index++) {
    if (denied !== undefined && denied[next] === index) next++;
    else if (!sendRun(core, connection, run, subscribers[index])) {
      run.slab?.keep();
      for (const message of run.messages(core, connection)) deliverMatch(core, message, subscribers[index]);
    }
  }
}

/** Appends the whole run to what a subscriber is sent, when it gets just these bytes. @returns false when it does not */
function sendRun(core: Core, connection: Connection, run: PublishRun, match: MatchedSubscriber<Session>): boolean {
  const session = match.subscriber, { link } = session;
  if (match.identifiers !== undefined || match.qos < run.qos || session.clientId === connection.client!.id) {
    return false;
  }
  if (link === undefined || session.inlineHandler !== undefined || !link.takesRun(run)) return false;
  if (run.qos > 0) return sendRecords(core, session, { run, messages: run.messages(core, connection) });
  link.sendRun(run);
  return true;
}

function acknowledgeRun(core: Core, connection: Connection, run: PublishRun, reached: number): void {
  const messages = run.messages(core, connection);
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index];
    message.reached = reached;
    if (run.qos === 2) beginning(core, connection, message)(message);
  }
  for (let index = 0; index < messages.length; index++) {
    acknowledge(core, connection, messages[index], messages[index]);
  }
}
