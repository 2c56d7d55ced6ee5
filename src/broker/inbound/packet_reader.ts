/** From the bytes of a socket to packets that are handled, in order and as many at once as there are.
 * @module */
import { decodePacket } from "../../packets/codec.ts";
import { MqttError } from "../../packets/errors.ts";
import { PublishFlag } from "../../packets/fixed_header.ts";
import { Framer } from "../../packets/framer.ts";
import { readPublish } from "../../packets/publish.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import { PacketType } from "../../packets/types.ts";
import { Message } from "../../session/message.ts";
import type { Connection, ConnectionReader } from "../connection/connection.ts";
import { RateLimiter } from "../connection/rate_limiter.ts";
import type { Core } from "../core/core.ts";
import type { PacketSource } from "../core/incomplete_packets.ts";
import { HEAVY, type Reader, ROUND_BYTES } from "../core/reading_order.ts";
import { BatchCost } from "./batch_cost.ts";
import { handlePacket } from "./dispatch.ts";
import { handleShortAck } from "./handle_acks.ts";
import { pipelineOf } from "./publish_pipeline.ts";

/** Bytes of the first reads, and of those of clients that say little: each holds so much while it waits. */
const FIRST_READ = 512;
/** Milliseconds after which it is looked again whether there is room. */
const LONGEST_SLEEP = 100;

/** The read loop of one connection. What one read has brought is a batch: packets are handled one behind the other. */
export class PacketReader implements ConnectionReader, PacketSource, Reader {
  turnBegan = 0;
  begunIn = 0;
  hasFlooded = false;
  isBusy = false;
  isWatched = false;
  readonly #core: Core;
  readonly #connection: Connection;
  readonly #framer: Framer;
  readonly #limiter: RateLimiter | undefined;
  #hasBegun = false;
  /** True when something in this batch had to be waited for. */
  #hasWaited = false;
  readonly #batch = new BatchCost();
  /** True when there was a PUBLISH in this batch. */
  #hasPublished = false;
  #wake: (() => void) | undefined;
  #ended!: (error?: unknown) => void;
  readonly #arrived = (length: number | null) => this.#take(length);
  readonly #handledLater = () => {
    this.#core.charged = 0; // what others have cost meanwhile
    this.#hasWaited = true;
    if (!this.#givesWay()) this.#goOn();
  };

  /**
   * @param core the broker
   * @param connection whose socket is read
   */
  constructor(core: Core, connection: Connection) {
    const { capabilities, clientNetReadBufferSize } = core.options;
    this.#core = core;
    this.#connection = connection;
    this.#framer = new Framer({
      maximumPacketSize: Math.min(capabilities.maximumConnectSize, capabilities.maximumPacketSize),
      initialSize: FIRST_READ,
      maximumReadSize: clientNetReadBufferSize,
      pool: core.slabs,
    });
    this.#limiter = RateLimiter.of(capabilities);
  }

  get cost(): number {
    return this.#batch.cost;
  }

  get incompleteBytes(): number {
    return this.#connection.closed ? 0 : this.#framer.pendingBytes;
  }

  get packets(): number {
    return this.#framer.packets;
  }

  end(reasonCode: number, error: Error): void {
    this.#connection.close(reasonCode, error);
    this.#framer.discard();
  }

  /** Largest packet that is accepted, in bytes. */
  set maximumPacketSize(bytes: number) {
    this.#framer.maximumPacketSize = bytes;
  }

  /**
   * Reads until the end of the stream or of the connection; `ended` is told of that, and of the error that has ended it if
   * there was one.
   *
   * No `await`: most connections wait here for most of their lives, and an async function would keep its frame for each of
   * them, and make two functions for each read (`tests/bench/sessions_bench.ts`).
   */
  readAll(ended: (error?: unknown) => void): void {
    this.#ended = (error) => {
      this.#framer.release();
      ended(error);
    };
    this.readOn();
  }

  /** Goes on with the batch at hand, or with the next read. */
  readOn(): void {
    if (this.isBusy) {
      this.#batch.goOn(this.#core.now());
      return this.#goOn();
    }
    const { closed, socket } = this.#connection;
    if (closed) return this.#ended();
    try {
      socket.read(this.#framer.space()).then(this.#arrived, this.#ended);
    } catch (error) {
      this.#ended(error);
    }
  }

  #take(length: number | null): void {
    const core = this.#core, connection = this.#connection;
    if (length === null || connection.closed) return this.#ended();
    if (length === 0) return this.#goesLast();
    this.isBusy = true;
    const now = connection.lastRead = core.now(), costBefore = this.#batch.begin(length, now);
    core.info.bytesReceived += length;
    this.turnBegan = Date.now();
    this.hasFlooded = this.#hasPublished = false;
    this.#framer.commit(length);
    if (core.turn.isLong(now) || costBefore >= ROUND_BYTES) this.#waits(costBefore);
    else this.#goOn();
  }

  /**
   * What it brought last has taken a round of its own, or the runtime has handed over so many reads that those before it took their
   * time: it goes on in a round, by what it cost last.
   */
  #waits(costBefore: number): void {
    this.#batch.waitAs(costBefore);
    this.#hasWaited = true;
    this.#core.turn.readNext(this);
  }

  /** Nothing came that MQTT knows of: it costs what bytes cost, and nobody waits for what comes of it. */
  #goesLast(): void {
    this.#batch.begin(HEAVY, this.#core.now());
    this.turnBegan = Date.now();
    this.#core.turn.readNext(this);
  }

  /** Handles every whole packet, as long as nothing has to be waited for. */
  #goOn(): void {
    const core = this.#core, connection = this.#connection, framer = this.#framer;
    core.charged = 0; // what others have cost before
    try {
      if (!this.#hasBegun) this.#begin();
      while (!connection.closed && framer.next()) {
        const pending = this.#process();
        if (pending !== undefined) {
          this.#batch.take(core);
          return void pending.then(this.#handledLater, this.#ended);
        }
        if (this.#givesWay()) return;
      }
      this.#endBatch();
    } catch (error) {
      this.#ended(error);
    }
  }

  /** @returns true when others have their turn before the next packet */
  #givesWay(): boolean {
    if (!this.#batch.isLate(this.#core)) return false;
    this.#hasWaited = true;
    this.#core.turn.readNext(this);
    return true;
  }

  /** What this batch has brought about is written before the next read begins. */
  #endBatch(): void {
    const connection = this.#connection;
    this.#batch.end(this.#core);
    if (connection.ready && this.incompleteBytes > 0) this.#isIncomplete();
    if (this.#limiter !== undefined || this.#isFlooded()) return void this.#pause().catch(this.#ended);
    this.isBusy = false;
    if (this.#hasWaited) connection.lastRead = this.#core.now(); // time in which nothing is read is not the client's
    this.#hasWaited = false;
    this.#core.turn.readNext(this);
  }

  #isIncomplete(): void {
    const { incomplete, memory } = this.#core;
    if (!this.isWatched) incomplete.watch(this);
    if (memory.isShort) incomplete.endIfLarge(this);
  }

  /** True while the client does not read its answers, or while too many of them wait for something else. */
  #isFlooded(): boolean {
    const { out, ackQueue } = this.#connection;
    return out.isFlooded() || ackQueue.isLong;
  }

  /** Waits until more may be read. */
  async #pause(): Promise<void> {
    const core = this.#core, connection = this.#connection;
    const until = core.now() + (this.#limiter?.take(this.#batch.bytes, connection.lastRead) ?? 0);
    while (core.now() < until && !connection.closed) await this.#sleep(until - core.now());
    while (this.#isFlooded() && !connection.closed) await this.#sleep(LONGEST_SLEEP);
    this.isBusy = false;
    connection.lastRead = core.now();
    this.turnBegan = Date.now();
    core.turn.readNext(this);
  }

  /** Reads on: there is room again, or the connection has ended. */
  resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const { scheduler } = this.#core, task = scheduler.after(milliseconds, () => this.resume());
      this.#wake = () => {
        scheduler.cancel(task);
        resolve();
      };
    });
  }

  /** Who does not begin with CONNECT is closed at the first byte [MQTT-3.1.0-1]. */
  #begin(): void {
    this.#hasBegun = true;
    if (this.#framer.nextHeader >> 4 !== PacketType.CONNECT) {
      throw new MqttError(ReasonCode.ProtocolError, "the first packet is not CONNECT");
    }
  }

  #process(): void | PromiseLike<void> {
    const core = this.#core,
      connection = this.#connection,
      framer = this.#framer,
      { header, buffer, start, end } = framer;
    core.info.packetsReceived++;
    if (header >> 4 === PacketType.PUBLISH) this.#countPublish(header);
    if (connection.state === "connected" && !this.#isObserved()) {
      if (header >> 4 === PacketType.PUBLISH) return this.#processPublish();
      if (end - start === 2 && handleShortAck(core, connection, header, buffer[start] << 8 | buffer[start + 1])) return;
    }
    if (end - start > 2) framer.slab?.keep(); // views on it may live as long as the packet
    return handlePacket(
      core,
      connection,
      decodePacket(header, buffer, start, end, connection.version, core.decodeOptions),
    );
  }

  #countPublish(header: number): void {
    const isUnanswered = (header & PublishFlag.QOS) === 0;
    this.hasFlooded ||= isUnanswered || this.#hasPublished;
    this.#hasPublished = true;
    if (this.#limiter !== undefined) this.#limiter.messages++;
  }

  /** True when hooks want to see packets as packets. */
  #isObserved(): boolean {
    const { on } = this.#core.hooks;
    return on.onPacketRead !== undefined || on.onPacketProcessed !== undefined;
  }

  /** A PUBLISH, straight as a message: nobody else wants to see it as a packet. */
  #processPublish(): void | PromiseLike<void> {
    const { header, buffer, frameStart, start, end, slab } = this.#framer,
      core = this.#core,
      connection = this.#connection;
    const message = core.spareMessage ?? new Message();
    core.spareMessage = undefined;
    message.publisherId = connection.client!.id;
    message.receivedAt = connection.lastRead;
    message.slab = slab;
    message.frameStart = frameStart;
    message.version5 = connection.version === 5;
    const topicEnd = readPublish(message, header, buffer, start, end, connection.version, core.decodeOptions);
    const topic = core.topics.read(buffer, start + 2, topicEnd, connection.lastTopic);
    connection.lastTopic = core.topics.likelyAfter(topic);
    message.setTopic(topic);
    const pending = pipelineOf(core, connection).take(message);
    if (pending !== undefined) return pending;
    if (message.reuse()) core.spareMessage = message;
  }
}
