/** The messages of a run on their way through `onPublish`.
 * @module */
import type { TransformTask } from "../../hook/transform_sequence.ts";
import type { MqttError } from "../../packets/errors.ts";
import { PacketType, type PublishPacket } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { acceptSeen, refused } from "./handle_publish.ts";
import type { PublishRun } from "./publish_run.ts";
import { messageOf } from "../routing/route_message.ts";

/** So many messages are routed together at most: subscribers need not wait for all of a large read. */
const MOST_TOGETHER = 256;
/** Packets that are smaller on average are copied for the hooks; of larger ones a copy costs more than new memory to read into. */
const SMALL = 512;

/** What a {@linkcode PublishTask} works on. */
export interface PublishTaskParts {
  readonly core: Core;
  /** Of the publisher. */
  readonly connection: Connection;
  /** Messages that are granted. */
  readonly run: PublishRun;
  /** Routes and acknowledges messages that have passed. */
  route(core: Core, connection: Connection, run: PublishRun): void | Promise<void>;
}

/**
 * Shows the hooks one message after the other. Those that pass unchanged, one behind the other, are still a run and routed as
 * one, when the last has passed or as soon as a hook takes its time; a message that a hook has changed is routed alone.
 */
export class PublishTask implements TransformTask<PublishPacket> {
  readonly #parts: PublishTaskParts;
  readonly #topic: string;
  /** Memory that is the hooks' for ever: that of the run, or a copy of its bytes. */
  readonly #memory: ArrayBufferLike;
  /** What an index of the run's buffer is there, less that index. */
  readonly #shift: number;
  /** The packet that the hooks see: what they see of it, its index, where it begins and ends. */
  #packet!: PublishPacket;
  #payload!: Uint8Array;
  #index = -1;
  #start = 0;
  #end: number;
  /** Packets before it that have passed and are not routed yet: how many, where they begin and end. */
  #passed = 0;
  #passedStart = 0;
  #passedEnd = 0;
  #routing: Promise<void> | undefined;

  /** @param parts what it works on */
  constructor(parts: PublishTaskParts) {
    const { run, core: { hookMemory } } = parts, { buffer, start, end } = run;
    const isCopied = run.slab !== undefined && run.qos === 0 && end - start < SMALL * run.count;
    if (!isCopied) run.slab?.keep();
    this.#parts = parts;
    this.#shift = isCopied ? hookMemory.add(buffer.subarray(start, end)) - start : buffer.byteOffset;
    this.#memory = isCopied ? hookMemory.buffer : buffer.buffer;
    this.#topic = run.topic;
    this.#end = start;
  }

  next(): PublishPacket | undefined {
    const { run, connection } = this.#parts;
    if (this.#end === run.end || connection.closed) return undefined;
    const { buffer, qos, packetIdsAt } = run, { payloadStart, end } = run.locate(this.#end), index = ++this.#index;
    this.#start = this.#end;
    this.#end = end;
    const packetId = qos === 0 ? 0 : buffer[packetIdsAt[index]] << 8 | buffer[packetIdsAt[index] + 1];
    // a quarter faster than a subarray
    this.#payload = new Uint8Array(this.#memory as ArrayBuffer, this.#shift + payloadStart, end - payloadStart);
    return this.#packet = {
      type: PacketType.PUBLISH,
      topic: this.#topic,
      payload: this.#payload,
      qos,
      retain: false,
      dup: false,
      packetId,
      properties: undefined,
    };
  }

  use(changed: PublishPacket): void | Promise<void> {
    if (this.#routing !== undefined) return this.#routing.then(() => this.use(changed));
    if (!this.#isUnchanged(changed)) return this.#afterPassed(() => this.#routeAlone(changed));
    if (this.#passed++ === 0) this.#passedStart = this.#start;
    this.#passedEnd = this.#end;
    if (this.#passed >= MOST_TOGETHER) return this.settle();
  }

  refuse(error: MqttError): void | Promise<void> {
    return this.#afterPassed(() => refused(this.#parts.connection, this.#message(), error));
  }

  get hasPutOff(): boolean {
    return this.#passed > 0;
  }

  settle(): void | Promise<void> {
    if (this.#routing !== undefined || this.#passed === 0) return this.#routing;
    const { core, connection, run, route } = this.#parts, count = this.#passed;
    const first = run.packetIdsAt.length === 0 ? 0 : this.#firstPassed;
    this.#passed = 0;
    const passed = run.part({ start: this.#passedStart, end: this.#passedEnd, first, count });
    passed.hasPassed = true;
    const pending = route(core, connection, passed);
    if (pending === undefined) return;
    const done = () => void (this.#routing = undefined);
    pending.then(done, done);
    return this.#routing = pending;
  }

  /** Index of the first packet that has passed: the one at hand may have passed as well. */
  get #firstPassed(): number {
    return this.#index + (this.#passedEnd === this.#end ? 1 : 0) - this.#passed;
  }

  #afterPassed(act: () => void | Promise<void>): void | Promise<void> {
    const pending = this.settle();
    return pending === undefined ? act() : pending.then(act);
  }

  #isUnchanged(changed: PublishPacket): boolean {
    const { topic, payload, qos, retain, properties } = changed;
    return changed === this.#packet && topic === this.#topic && payload === this.#payload &&
      qos === this.#parts.run.qos && !retain && properties === undefined;
  }

  #message(): Message {
    const { core, connection, run } = this.#parts;
    return run.messageAt(core, connection, this.#start);
  }

  #routeAlone(changed: PublishPacket): void | Promise<void> {
    const { core, connection } = this.#parts, original = this.#message();
    try {
      return acceptSeen(core, connection, original, messageOf(core, original, { packet: this.#packet, changed }));
    } catch (error) {
      refused(connection, original, error);
    }
  }
}
