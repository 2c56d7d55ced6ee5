/** SUBSCRIBE from a client (3.8).
 * @module */
import { isFailure, ReasonCode } from "../../packets/reason_codes.ts";
import type { GrantedSubscription } from "../../hook/hook.ts";
import { MqttError } from "../../packets/errors.ts";
import { PacketType, type SubscribePacket, type SubscribeRequest } from "../../packets/types.ts";
import type { SessionSubscription } from "../../session/session_view.ts";
import { authorize } from "../core/authorize.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { hasSession } from "../connection/has_session.ts";
import { type Asked, askedOf } from "./asked_filters.ts";
import { changePacket } from "./change_packet.ts";
import { checkFilters } from "./check_filters.ts";
import { lowerQos } from "../outbound/deliver.ts";
import { pump } from "../outbound/pump.ts";
import { RetainedReplay } from "../routing/retain.ts";
import { addSubscription, overQuota } from "../routing/subscriptions.ts";

/** What became of one filter. */
interface Outcome {
  readonly reasonCode: number;
  /** Why it was not made, where the client is told that. */
  readonly reason?: string;
  /** Set when the subscription was made. */
  readonly made?: { readonly subscription: SessionSubscription; readonly isNew: boolean };
}

/**
 * Makes the subscriptions that are granted and answers all of them with one SUBACK [MQTT-3.8.4-5].
 * @throws MqttError 0x81, 0x82, 0x9E, 0xA1, 0xA2 for what ends the connection
 */
export function handleSubscribe(core: Core, connection: Connection, packet: SubscribePacket): void | Promise<void> {
  checkFilters(core, packet.subscriptions.map(({ topicFilter }) => topicFilter));
  return changePacket({ core, connection, listeners: core.hooks.on.onSubscribe }, packet, {
    accepted: (changed) => subscribeAll(core, connection, changed),
    refused: (error) => refuseAll(core, connection, { packet, error }),
  });
}

/** A hook refused the packet: no filter is granted, the connection stays. */
function refuseAll(core: Core, connection: Connection, refused: { packet: SubscribePacket; error: unknown }): void {
  const { packet, error } = refused;
  if (!(error instanceof MqttError)) throw error;
  if (!hasSession(connection)) return;
  const reasonCode = connection.publicReason(PacketType.SUBACK, error.reasonCode);
  answer(core, connection, { packet, outcomes: packet.subscriptions.map(() => ({ reasonCode })) });
}

/** All filters of one packet, while hooks are asked about them. */
interface Judging {
  readonly packet: SubscribePacket;
  readonly asked: readonly Asked[];
  /** A reason code for each filter that was decided on. */
  readonly verdicts: number[];
}

/** Every filter is decided on first: a connection that is lost meanwhile has got all of them or none. */
function subscribeAll(core: Core, connection: Connection, packet: SubscribePacket): void | Promise<void> {
  const judging: Judging = { packet, asked: askedOf(core, connection, packet), verdicts: [] };
  while (judging.verdicts.length < judging.asked.length) {
    const verdict = judgeNext(core, connection, judging);
    if (typeof verdict !== "number") return subscribeLater(core, connection, judging, verdict);
    judging.verdicts.push(verdict);
  }
  grantAll(core, connection, judging);
}

async function subscribeLater(
  core: Core,
  connection: Connection,
  judging: Judging,
  pending: Promise<number>,
): Promise<void> {
  judging.verdicts.push(await pending);
  while (judging.verdicts.length < judging.asked.length && hasSession(connection)) {
    judging.verdicts.push(await judgeNext(core, connection, judging));
  }
  grantAll(core, connection, judging);
}

/** May the client have the next filter? @returns 0 for yes */
function judgeNext(core: Core, connection: Connection, { asked, verdicts }: Judging): number | Promise<number> {
  const { filter } = asked[verdicts.length];
  return typeof filter === "number" ? filter : authorize(core, connection.client!, filter.filter, "read");
}

/** Makes the subscriptions, unless hooks took so long that the connection has lost its session. */
function grantAll(core: Core, connection: Connection, { packet, asked, verdicts }: Judging): void {
  if (!hasSession(connection)) return;
  const refusal = connection.session!.expiryInterval === 0 ? undefined : core.hooks.refusalOfMore();
  if (refusal !== undefined) return refuseAll(core, connection, { packet, error: refusal }); // before anything is made
  const outcomes = asked.map((one, index) => grant(core, connection, one, verdicts[index]));
  answer(core, connection, { packet, outcomes });
}

function grant(core: Core, connection: Connection, asked: Asked, verdict: number): Outcome {
  const { packet, request, filter } = asked, session = connection.session!, { bridge } = connection.client!;
  if (typeof filter === "number") return { reasonCode: filter };
  if (verdict !== ReasonCode.Success) return { reasonCode: connection.publicReason(PacketType.SUBACK, verdict) };
  const reason = overQuota(core, session, filter);
  if (reason !== undefined) return { reasonCode: ReasonCode.QuotaExceeded, reason };
  const options = {
    qos: lowerQos(request.qos, core.options.capabilities.maximumQos), // [MQTT-3.2.2-10]
    noLocal: request.noLocal || bridge && filter.shareName === undefined, // [v311 NOTE-15] [MQTT-3.8.3-4]
    retainAsPublished: request.retainAsPublished || bridge,
    retainHandling: request.retainHandling,
    identifier: packet.properties?.subscriptionIdentifiers?.[0] ?? 0,
  };
  const subscription = { filter, options };
  const isNew = addSubscription(core, session, subscription);
  return { reasonCode: options.qos, made: { subscription, isNew } };
}

function answer(core: Core, connection: Connection, done: { packet: SubscribePacket; outcomes: Outcome[] }): void {
  const { packet, outcomes } = done;
  const commit = core.hooks.on.onSubscribed &&
    core.hooks.observe(core.hooks.on.onSubscribed, connection.client, grantedOf(connection, done));
  const made = outcomes.some((outcome) => outcome.made !== undefined);
  const told = () => {
    const reasonCodes = outcomes.map((outcome, index) => codeFor(connection, outcome, packet.subscriptions[index]));
    const reasonString = outcomes.find(({ reason }) => reason !== undefined)?.reason;
    if (reasonString !== undefined) logRefusal(core, connection, reasonString);
    connection.send({ type: PacketType.SUBACK, packetId: packet.packetId, reasonCodes, properties: { reasonString } });
    if (hasSession(connection)) replayRetained(core, connection, outcomes);
  };
  if (!made && commit === undefined) return told(); // a refusal need not wait for what a store has to keep
  connection.ackQueue.after(commit && [commit], (failed) => {
    if (failed !== undefined) {
      return connection.close(
        ReasonCode.ImplementationSpecificError,
        new Error("the subscriptions could not be stored"),
      );
    }
    told();
  });
}

function logRefusal({ options: { logger } }: Core, { client }: Connection, reason: string): void {
  logger.debug("a subscription was refused", { client: client?.id, reason });
}

/** MQTT 3.1 has no code for a refusal: the filter looks granted and nothing comes. */
function codeFor(connection: Connection, { reasonCode }: Outcome, request: SubscribeRequest): number {
  return connection.version === 3 && isFailure(reasonCode) ? request.qos : reasonCode;
}

function grantedOf(
  connection: Connection,
  { packet, outcomes }: { packet: SubscribePacket; outcomes: Outcome[] },
): GrantedSubscription[] {
  return outcomes.map(({ reasonCode, made }, index) => {
    const { topicFilter, qos, noLocal, retainAsPublished, retainHandling } = packet.subscriptions[index];
    const asked = { qos, noLocal, retainAsPublished, retainHandling, identifier: 0 };
    return {
      clientId: connection.session!.clientId,
      topicFilter,
      ...(made?.subscription.options ?? asked),
      reasonCode,
    };
  });
}

/** Retained messages for new and renewed subscriptions, as their Retain Handling asks (3.8.3.1). */
function replayRetained(core: Core, connection: Connection, outcomes: readonly Outcome[]): void {
  const session = connection.session!;
  for (const { made } of outcomes) {
    if (made === undefined || made.subscription.filter.shareName !== undefined) continue;
    const { retainHandling } = made.subscription.options;
    if (retainHandling === 2 || retainHandling === 1 && !made.isNew) continue; // [MQTT-3.3.1-9] to [MQTT-3.3.1-11]
    session.outbox.addReplay(new RetainedReplay(core, session, made.subscription));
  }
  if (session.existingOutbox?.waiting) pump(core, session);
}
