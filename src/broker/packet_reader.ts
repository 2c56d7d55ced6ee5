/** From the bytes of a socket to packets that are handled, in order and as many at once as there are.
 * @module */
import { decodePacket } from "../packets/codec.ts";
import { MqttError } from "../packets/errors.ts";
import { Framer } from "../packets/framer.ts";
import { readPublish } from "../packets/publish.ts";
import { PacketType } from "../packets/types.ts";
import { Message } from "../session/message.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";
import { handlePacket } from "./handlers.ts";
import { handlePublish } from "./handle_publish.ts";
import { RateLimiter } from "./rate_limiter.ts";

/** The read loop of one connection. */
export class PacketReader {
  readonly #core: Core;
  readonly #connection: Connection;
  readonly #framer: Framer;
  readonly #limiter: RateLimiter | undefined;
  #begun = false;
  #wake: (() => void) | undefined;

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
    });
    this.#limiter = RateLimiter.of(capabilities);
  }

  /** Largest packet that is accepted, in bytes. */
  set maximumPacketSize(bytes: number) {
    this.#framer.maximumPacketSize = bytes;
  }

  /** Reads until the end of the stream or of the connection. @throws whatever ends the connection (as rejection) */
  async readAll(): Promise<void> {
    const core = this.#core, connection = this.#connection, framer = this.#framer;
    while (!connection.closed) {
      const space = framer.space(), length = await connection.socket.read(space);
      if (length === null || connection.closed) return;
      if (!this.#begun) this.#begin(space[0]);
      connection.lastRead = core.now();
      core.info.bytesReceived += length;
      framer.commit(length);
      const pending = this.#processAll();
      if (pending !== undefined) await pending;
      const pause = this.#limiter?.take(length, connection.lastRead);
      if (pause) await this.#pause(pause);
      while (connection.out.isFlooded() && !connection.closed) await this.#sleep(); // answers that nobody reads
    }
  }

  /** Reads on: there is room again, or the connection has ended. */
  resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Who does not begin with CONNECT is closed at the first byte [MQTT-3.1.0-1]. */
  #begin(first: number): void {
    this.#begun = true;
    if (first >> 4 !== PacketType.CONNECT) throw new MqttError(0x82, "the first packet is not CONNECT");
  }

  /** Keep Alive counts from the end of the pause. */
  async #pause(milliseconds: number): Promise<void> {
    const core = this.#core, connection = this.#connection, until = core.now() + milliseconds;
    connection.lastRead = until;
    while (core.now() < until && !connection.closed) await this.#sleep(until - core.now());
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
    while (!this.#connection.closed && this.#framer.next()) {
      const pending = this.#process();
      if (pending !== undefined) return this.#processRest(pending);
    }
  }

  async #processRest(pending: Promise<void>): Promise<void> {
    await pending;
    while (!this.#connection.closed && this.#framer.next()) {
      const next = this.#process();
      if (next !== undefined) await next;
    }
  }

  #process(): void | Promise<void> {
    const core = this.#core, connection = this.#connection, { header, buffer, start, end } = this.#framer;
    core.info.packetsReceived++;
    if (this.#limiter !== undefined && header >> 4 === PacketType.PUBLISH) this.#limiter.messages++;
    if (header >> 4 === PacketType.PUBLISH && connection.state === "connected" && !this.#isObserved()) {
      return handlePublish(core, connection, this.#readMessage());
    }
    const packet = decodePacket(header, buffer, start, end, connection.version, core.decodeOptions);
    return handlePacket(core, connection, packet);
  }

  /** True when hooks want to see packets as packets. */
  #isObserved(): boolean {
    const { on } = this.#core.hooks;
    return on.onPacketRead !== undefined || on.onPacketProcessed !== undefined;
  }

  /** The PUBLISH at hand, straight as a message: nobody else wants to see it as a packet. */
  #readMessage(): Message {
    const { header, buffer, frameStart, start, end } = this.#framer, connection = this.#connection;
    const { maximumMessageExpiryInterval } = this.#core.options.capabilities;
    const message = new Message();
    message.publisherId = connection.client!.id;
    message.receivedAt = connection.lastRead;
    readPublish(message, header, buffer, start, end, connection.version, this.#core.decodeOptions);
    if (message.properties === undefined) {
      message.frameStart = frameStart;
      message.frameVersion5 = connection.version === 5;
    }
    if (message.properties !== undefined || maximumMessageExpiryInterval > 0) {
      message.limitLife(maximumMessageExpiryInterval);
    }
    return message;
  }
}
