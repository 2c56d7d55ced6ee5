/** Who receives what while subscriptions come and go, worked out slowly: nothing of the broker is used but its types. */
import type { ProtocolVersion, QoS } from "../../src/packets/types.ts";
import { matchesWithParent } from "../topics/brute_force.ts";

/** What a client has subscribed to. */
export interface Subscribed {
  readonly filter: string;
  /** Name of the share, `undefined` without one. */
  readonly share: string | undefined;
  readonly qos: QoS;
  readonly identifier: number;
  readonly noLocal: boolean;
  readonly asPublished: boolean;
}

/** A message of a client. */
export interface Sent {
  readonly from: string;
  readonly topic: string;
  readonly text: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** A client with its session. */
export class ModelClient {
  readonly id: string;
  readonly version: ProtocolVersion;
  readonly subscriptions: Map<string, Subscribed> = new Map();
  isAway = false;
  /** What it has to receive for itself, and what may come for a share. */
  readonly own: string[] = [];
  readonly shared: string[] = [];

  constructor(id: string, version: ProtocolVersion) {
    this.id = id;
    this.version = version;
  }

  receive(sent: Sent, matching: readonly Subscribed[], list: string[] = this.own): void {
    const qos = Math.min(sent.qos, Math.max(...matching.map(({ qos }) => qos)));
    if (this.isAway && qos === 0) return;
    const identifiers = matching.map(({ identifier }) => identifier).filter((identifier) => identifier > 0);
    const retain = sent.retain && matching.some(({ asPublished }) => asPublished);
    list.push(receipt(sent.topic, { text: sent.text, qos, retain, identifiers }));
  }
}

/** A received message as text. */
export function receipt(
  topic: string,
  more: { text: string; qos: number; retain: boolean; identifiers?: readonly number[] },
): string {
  const { text, qos, retain, identifiers = [] } = more;
  return `${topic} ${text} ${qos} ${retain} ${identifiers.toSorted((one, other) => one - other)}`;
}

/** The broker. */
export class RoutingModel {
  readonly clients: Map<string, ModelClient> = new Map();
  readonly retained: Map<string, Sent> = new Map();
  /** How many messages share groups have to receive. */
  toShares = 0;

  publish(sent: Sent): void {
    if (sent.retain && sent.text === "") this.retained.delete(sent.topic);
    else if (sent.retain) this.retained.set(sent.topic, sent);
    const shares = new Set<string>();
    for (const client of this.clients.values()) {
      const matching = [...client.subscriptions.values()].filter(({ filter }) => matchesWithParent(sent.topic, filter));
      const own = matching.filter(({ share, noLocal }) => share === undefined && !(noLocal && client.id === sent.from));
      if (own.length > 0) client.receive(sent, own);
      for (const one of matching) {
        if (one.share === undefined) continue;
        shares.add(`${one.share} ${one.filter}`);
        client.receive(sent, [one], client.shared);
      }
    }
    this.toShares += shares.size;
  }

  /** What a new subscription to a filter is sent. */
  retainedOf(filter: string, qos: QoS): string[] {
    return [...this.retained.values()].filter(({ topic }) => matchesWithParent(topic, filter))
      .map((sent) => receipt(sent.topic, { text: sent.text, qos: Math.min(sent.qos, qos), retain: true })).sort();
  }
}
