/** The PUBLISH that a connection handles, and whether its bytes may go on as they came.
 * @module */
import type { Framer } from "../packets/framer.ts";
import type { PublishPacket } from "../packets/types.ts";
import type { Message } from "../session/message.ts";

/** Remembers the packet that was decoded last and where its bytes are. */
export class PublishAtHand {
  readonly #framer: Framer;
  #packet: PublishPacket | undefined;
  #topic = "";

  /** @param framer where packets come from; it stands at the packet until that is handled */
  constructor(framer: Framer) {
    this.#framer = framer;
  }

  /** This packet is handled now. */
  take(packet: PublishPacket): void {
    this.#packet = packet;
    this.#topic = packet.topic;
  }

  /** Tells a message where its PUBLISH is, unless an alias was resolved or a hook has changed something. */
  give(message: Message, packet: PublishPacket, context: { version5: boolean; mayBeChanged: boolean }): void {
    if (packet !== this.#packet || packet.properties !== undefined) return;
    if (context.mayBeChanged && !this.#isUnchanged(packet)) return;
    const { buffer, start, frameStart, end } = this.#framer;
    message.frame = buffer;
    message.frameStart = frameStart;
    message.frameEnd = end;
    message.frameVersion5 = context.version5;
    if (packet.qos > 0) message.framePacketIdAt = start - frameStart + 2 + (buffer[start] << 8 | buffer[start + 1]);
  }

  #isUnchanged({ topic, payload, qos }: PublishPacket): boolean {
    const { buffer, end, header } = this.#framer;
    if (topic !== this.#topic || (header >> 1 & 3) !== qos) return false;
    return payload.length === 0 ||
      payload.buffer === buffer.buffer && payload.byteOffset + payload.length === buffer.byteOffset + end;
  }
}
