/** What an attack is: something that a client or a stranger does to a broker again and again, until its process is ended. */

import { encodeInto } from "../../../src/packets/codec.ts";
import { type Packet, PacketType } from "../../../src/packets/types.ts";
import { Writer } from "../../../src/packets/writer.ts";
import { Attacker, type AttackerOptions } from "../../helpers/attacker.ts";

/** Where the broker listens. */
export interface Ports {
  readonly tcp: number;
  /** WebSocket. */
  readonly ws?: number;
  /** Statistics. */
  readonly http?: number;
  readonly tls?: number;
}

/** Tells after each step how many bytes were sent. It begins anew when it ends or fails. */
export type Attack = (ports: Ports) => AsyncGenerator<number, void>;

let number = 0;

/** Another name each time. */
export function newName(kind: string): string {
  return `${kind}-${Deno.pid}-${number++}`;
}

/** Connects a client with a name of its own. */
export function connectNew(ports: Ports, kind: string, options: AttackerOptions = {}): Promise<Attacker> {
  return Attacker.connect(ports.tcp, { clientId: newName(kind), ...options });
}

/** Connects hundreds of clients, fifty at a time. */
export async function connectMany(ports: Ports, kind: string, count: number): Promise<Attacker[]> {
  const attackers: Attacker[] = [];
  while (attackers.length < count) {
    attackers.push(...await Promise.all(Array.from({ length: 50 }, () => connectNew(ports, kind))));
  }
  return attackers;
}

/** Packets of MQTT 5, one behind the other. */
export function bytesOf(count: number, packet: (at: number) => Packet): Uint8Array {
  const writer = new Writer();
  for (let at = 0; at < count; at++) encodeInto(writer, packet(at), 5);
  return writer.buffer.slice(0, writer.length);
}

/** Sends the same over a connection until the broker ends it. */
export async function* flood(attacker: Attacker, ...lots: readonly Uint8Array[]): AsyncGenerator<number, void> {
  for (let at = 0; await attacker.send(lots[at % lots.length]); at++) yield lots[at % lots.length].length;
}

/** Rests. */
export function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** An UNSUBSCRIBE. */
export function unsubscribeFrom(topicFilters: readonly string[]): Packet {
  return { type: PacketType.UNSUBSCRIBE, packetId: 2, topicFilters: [...topicFilters] };
}
