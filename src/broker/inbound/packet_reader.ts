/** From the bytes of a socket to packets that are handled, in order and as many at once as there are.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { decodePacket } from "../../packets/codec.ts";
import { MqttError } from "../../packets/errors.ts";
import { Framer } from "../../packets/framer.ts";
import { readPublish } from "../../packets/publish.ts";
import { type Packet, PacketType } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { handlePacket } from "./handlers.ts";
import { handleShortAck } from "./handle_acks.ts";
import { handlePublish } from "./handle_publish.ts";
import { inboundMessage, keepFrame, PublishRun } from "./publish_run.ts";
import { RateLimiter } from "../connection/rate_limiter.ts";
import { routeRun } from "./route_run.ts";

/**
 * So many packets other than messages and acknowledgements are handled in one turn: a read may hold ten thousand SUBSCRIBE,
 * and nobody else is served meanwhile.
 */
const PATIENCE = 256;

/** The read loop of one connection. */
export class PacketReader {
  readonly #core: Core;
  readonly #connection: Connection;
  readonly #framer: Framer;
  readonly #limiter: RateLimiter | undefined;
  /** True when the framer stands at a packet that has not been handled. */
  #atHand = false;
  /** What the framer has thrown behind a run. */
  #failure: unknown;
  #begun = false;
  /** Packets that are handled before others have their turn. */
  #patience = PATIENCE;
  #wake: (() => void) | undefined;
  #ended!: (error?: unknown) => void;
  readonly #read = () => this.#readOn();
  readonly #arrived = (length: number | null) => this.#take(length);

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
      maximumReadSize: clientNetReadBufferSize,
      pool: core.slabs,
    });
    this.#limiter = RateLimiter.of(capabilities);
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
   * them, and make two functions for each read.
   */
  readAll(ended: (error?: unknown) => void): void {
    this.#ended = ended;
    this.#readOn();
  }

  #readOn(): void {
    const { closed, socket } = this.#connection;
    if (closed) return this.#ended();
    try {
      socket.read(this.#framer.space()).then(this.#arrived, this.#ended);
    } catch (error) {
      this.#ended(error);
    }
  }

  #take(length: number | null): void {
    if (length === null || this.#connection.closed) return this.#ended();
    try {
      // what is written at the end of the turn goes first: others wait for that, nobody for the next read
      const pending = this.#handle(length) ?? this.#core.outbound.turn;
      if (pending === undefined) this.#readOn();
      else pending.then(this.#read, this.#ended);
    } catch (error) {
      this.#ended(error);
    }
  }

  /** Handles what has arrived. @returns a Promise only when the next read has to wait */
  #handle(length: number): void | Promise<void> {
    const core = this.#core, connection = this.#connection, framer = this.#framer;
    connection.lastRead = core.now();
    core.info.bytesReceived += length;
    framer.commit(length);
    if (!this.#begun) this.#begin();
    const pending = this.#processAll();
    if (pending !== undefined || this.#limiter !== undefined || connection.out.isFlooded()) {
      return this.#settle(length, pending);
    }
  }

  /** Waits until more may be read. */
  async #settle(length: number, pending: void | Promise<void>): Promise<void> {
    const core = this.#core, connection = this.#connection;
    await pending;
    await core.outbound.turn;
    const pause = this.#limiter?.take(length, connection.lastRead);
    if (pause) await this.#pause(pause);
    while (connection.out.isFlooded() && !connection.closed) await this.#sleep(); // answers that nobody reads
  }

  /** Reads on: there is room again, or the connection has ended. */
  resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Who does not begin with CONNECT is closed at the first byte [MQTT-3.1.0-1]. */
  #begin(): void {
    this.#begun = true;
    if (this.#framer.nextHeader >> 4 !== PacketType.CONNECT) {
      throw new MqttError(ReasonCode.ProtocolError, "the first packet is not CONNECT");
    }
  }

  /** Keep Alive counts from the end of the pause. */
  async #pause(milliseconds: number): Promise<void> {
    const core = this.#core, connection = this.#connection, until = core.now() + milliseconds;
    connection.lastRead = until;
    while (core.now() < until && !connection.closed) await this.#sleep(until - core.now());
  }

  /** Lets others have their turn first. */
  async #handleLater(packet: Packet): Promise<void> {
    this.#patience = PATIENCE;
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (!this.#connection.closed) await handlePacket(this.#core, this.#connection, packet);
  }

  #sleep(milliseconds = Infinity): Promise<void> {
    return new Promise((resolve) => {
      const { scheduler } = this.#core;
      const task = milliseconds < Infinity ? scheduler.after(milliseconds, () => this.resume()) : undefined;
      this.#wake = () => {
        scheduler.cancel(task);
        resolve();
      };
    });
  }

  /** Handles every whole packet; a Promise only when one of them has to wait. */
  #processAll(): void | Promise<void> {
    while (!this.#connection.closed && this.#next()) {
      const pending = this.#process();
      if (pending !== undefined) return this.#processRest(pending);
    }
  }

  async #processRest(pending: Promise<void>): Promise<void> {
    await pending;
    while (!this.#connection.closed && this.#next()) {
      const next = this.#process();
      if (next !== undefined) await next;
    }
  }

  /** Finds the next packet, unless one is at hand that ended a run. */
  #next(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#atHand) return this.#framer.next();
    this.#atHand = false;
    return true;
  }

  /** Looks at the packet behind a run; what is wrong with it is told when the run has been handled. */
  #lookAhead(): boolean {
    try {
      return this.#atHand = this.#framer.next();
    } catch (error) {
      this.#failure = error;
      return this.#atHand = false;
    }
  }

  #process(): void | Promise<void> {
    const core = this.#core, connection = this.#connection, framer = this.#framer, { header } = framer;
    if (header >> 4 === PacketType.PUBLISH && connection.state === "connected") {
      const isObserved = this.#isObserved();
      const run = isObserved || framer.isLast && header !== 0x30 ? undefined : PublishRun.begin(framer, connection);
      if (run !== undefined) return this.#processRun(run);
      this.#count(1);
      framer.slab?.keep();
      if (!isObserved) return handlePublish(core, connection, this.#readMessage());
    } else core.info.packetsReceived++;
    if (framer.end - framer.start === 2 && connection.state === "connected" && !this.#isObserved()) {
      if (this.#processAcks()) return;
    }
    framer.slab?.keep(); // views on it may live as long as the packet
    const { buffer, start, end } = framer;
    const packet = decodePacket(header, buffer, start, end, connection.version, core.decodeOptions);
    if (packet.type > PacketType.PUBCOMP && --this.#patience === 0) return this.#handleLater(packet);
    return handlePacket(core, connection, packet);
  }

  /** Acknowledgements of one kind. @returns false for one that has to be looked at more closely; the others are handled */
  #processAcks(): boolean {
    const core = this.#core, connection = this.#connection, framer = this.#framer, { header, buffer } = framer;
    for (;;) {
      const { start } = framer;
      if (!handleShortAck(core, connection, header, buffer[start] << 8 | buffer[start + 1])) return false;
      if (connection.closed || !framer.nextAlike()) return true;
      core.info.packetsReceived++;
    }
  }

  #processRun(run: PublishRun): void | Promise<void> {
    const core = this.#core, connection = this.#connection;
    while (this.#lookAhead() && run.extend(this.#framer));
    this.#count(run.count);
    const isAlone = run.count === 1 && (run.qos > 0 || core.hooks.on.onPublish !== undefined);
    if (isAlone || run.qos > 0) run.slab?.keep(); // somebody will keep a message of it
    if (!isAlone) return routeRun(core, connection, run);
    return handlePublish(core, connection, run.messageAt(core, connection, run.start));
  }

  #count(publishes: number): void {
    this.#core.info.packetsReceived += publishes;
    if (this.#limiter !== undefined) this.#limiter.messages += publishes;
  }

  /** True when hooks want to see packets as packets. */
  #isObserved(): boolean {
    const { on } = this.#core.hooks;
    return on.onPacketRead !== undefined || on.onPacketProcessed !== undefined;
  }

  /** The PUBLISH at hand, straight as a message: nobody else wants to see it as a packet. */
  #readMessage(): Message {
    const { header, buffer, frameStart, start, end } = this.#framer, core = this.#core, connection = this.#connection;
    const message = inboundMessage(connection);
    readPublish(message, header, buffer, start, end, connection.version, core.decodeOptions);
    keepFrame(core, connection, { message, frameStart });
    return message;
  }
}
