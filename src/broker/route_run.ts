/** A run of messages is routed: one decision and one range of bytes for each subscriber, where that is all it takes.
 * @module */
import type { Session } from "../session/session.ts";
import type { MatchedSubscriber, MatchResult } from "../topics/subscription_tree.ts";
import { authorize } from "./authorize.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";
import { deliverToShares, deliverToSubscriber } from "./fan_out.ts";
import { checkTopic } from "./handle_publish.ts";
import type { PublishRun } from "./publish_run.ts";

/** True when no hook wants to see single messages or packets, so that a run may be routed at once. */
export function runsAllowed(core: Core): boolean {
  const { on } = core.hooks;
  return on.onPublish === undefined && on.onPublished === undefined && on.onSelectSubscribers === undefined &&
    on.onPacketRead === undefined && on.onPacketProcessed === undefined && on.onPacketEncode === undefined &&
    on.onPacketSent === undefined;
}

/**
 * Routes a run, as `handlePublish` does with each of its messages.
 * @returns a Promise only when a hook is async
 * @throws MqttError 0x90 for a topic that is not valid
 */
export function routeRun(core: Core, connection: Connection, run: PublishRun): void | Promise<void> {
  core.info.messagesReceived += run.count;
  const { topic } = run.first(core, connection);
  run.topic = topic;
  checkTopic(core, connection, topic);
  const verdict = authorize(core, connection.client!, topic, "write");
  if (verdict === 0) return deliverRun(core, connection, run);
  if (typeof verdict === "number") return;
  return verdict.then((code) => code === 0 ? deliverRun(core, connection, run) : undefined);
}

function deliverRun(core: Core, connection: Connection, run: PublishRun): void | Promise<void> {
  const matched = core.tree.match(run.topic), { subscribers } = matched;
  for (let index = 0; index < subscribers.length; index++) {
    if (sendRun(core, connection, run, subscribers[index])) continue;
    const pending = deliverEach(core, connection, run, subscribers[index]);
    if (pending !== undefined) return deliverRest(core, connection, run, { matched, pending, from: index + 1 });
  }
  if (matched.shares.length > 0) return shareEach(core, connection, run, matched);
}

async function deliverRest(
  core: Core,
  connection: Connection,
  run: PublishRun,
  rest: { matched: MatchResult<Session>; pending: Promise<void>; from: number },
): Promise<void> {
  await rest.pending;
  for (const match of rest.matched.subscribers.slice(rest.from)) {
    if (!sendRun(core, connection, run, match)) await deliverEach(core, connection, run, match);
  }
  await shareEach(core, connection, run, rest.matched);
}

/** Appends the whole run to what a subscriber is sent, when it gets just these bytes. @returns false when it does not */
function sendRun(core: Core, connection: Connection, run: PublishRun, match: MatchedSubscriber<Session>): boolean {
  const session = match.subscriber, { link } = session;
  if (match.identifiers !== undefined || session.clientId === connection.client!.id) return false;
  if (link === undefined || session.inlineHandlers !== undefined || !link.takesRun(run)) return false;
  const verdict = authorize(core, session.client, run.topic, "read");
  if (typeof verdict !== "number") return false; // asked again for each message
  if (verdict === 0) link.sendRun(run);
  return true;
}

function deliverEach(
  core: Core,
  connection: Connection,
  run: PublishRun,
  match: MatchedSubscriber<Session>,
): void | Promise<void> {
  const messages = run.messages(core, connection);
  for (let index = 0; index < messages.length; index++) {
    const pending = deliverToSubscriber(core, messages[index], match);
    if (pending !== undefined) {
      return pending.then(async () => {
        for (const message of messages.slice(index + 1)) await deliverToSubscriber(core, message, match);
      });
    }
  }
}

function shareEach(
  core: Core,
  connection: Connection,
  run: PublishRun,
  { shares }: MatchResult<Session>,
): void | Promise<void> {
  if (shares.length === 0) return;
  const messages = run.messages(core, connection);
  for (let index = 0; index < messages.length; index++) {
    const pending = deliverToShares(core, messages[index], shares);
    if (pending !== undefined) {
      return pending.then(async () => {
        for (const message of messages.slice(index + 1)) await deliverToShares(core, message, shares);
      });
    }
  }
}
