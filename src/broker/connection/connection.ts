/** One network connection: reads, frames, dispatches, sends, and ends.
 * @module */
import { encodeInto } from "../../packets/codec.ts";
import { MqttError } from "../../packets/errors.ts";
import { encodeAck } from "../../packets/publish.ts";
import { ReasonCode, usableReasonCode } from "../../packets/reason_codes.ts";
import { connackReturnCode } from "../../packets/return_codes.ts";
import {
  type AckPacket,
  type ConnectPacket,
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
} from "../../packets/types.ts";
import type { Client, DisconnectOptions } from "../../session/client.ts";
import type { Message } from "../../session/message.ts";
import type { PublishDelivery } from "../../session/outbound_record.ts";
import type { Deadline } from "../../time/deadline.ts";
import type { Session, SessionLink } from "../../session/session.ts";
import type { InboundAliases, OutboundAliases } from "../../session/topic_aliases.ts";
import { type KnownTopic, NO_TOPIC } from "../../topics/known_topic.ts";
import { AckQueue } from "./ack_queue.ts";
import { awaitClient } from "./connect_timer.ts";
import { connectionEnded } from "../sessions/connection_end.ts";
import type { Core } from "../core/core.ts";
import type { Socket } from "../core/listener.ts";
import type { OpenSocket } from "./open_sockets.ts";
import { OutboundQueue } from "../outbound/outbound_queue.ts";
import { pump } from "../outbound/pump.ts";
import { ReceiveWindow } from "./receive_window.ts";
import {
  answerVersion,
  isLost,
  refusalOf,
  refusalProperties,
  withoutProblemInformation,
  withoutReason,
  withShortReason,
} from "./refusal.ts";
import { sendPublish } from "../outbound/send_publish.ts";
import { SocketCloser } from "./socket_closer.ts";

/** How far a connection has come. */
export type ConnectionState = "new" | "authenticating" | "connected" | "closed";

/** What reads from a connection. */
export interface ConnectionReader {
  /** Largest packet that is accepted, in bytes. */
  maximumPacketSize: number;
  /** True while nothing is read: the broker is busy with what the client has sent. */
  readonly isBusy: boolean;
  /** Bytes that have arrived and are not handled yet. */
  readonly incompleteBytes: number;
  /** There is room again for what comes of reading, or the connection has ended. */
  resume(): void;
}

/** Takes the messages of a client. */
export interface MessageReceiver {
  /** Takes one message, with its place in the order. @returns something to wait for, before the next one is taken */
  take(message: Message): void | PromiseLike<void>;
}

/** One client's connection, from accept to close. Its reader is attached to it by who accepts the socket. */
export class Connection implements SessionLink {
  readonly core: Core;
  /** Where bytes come from; somebody else may read for a while. */
  socket: Socket;
  readonly listenerId: string;
  readonly transport: string;
  readonly out: OutboundQueue;
  readonly ackQueue: AckQueue = new AckQueue(this);
  readonly receiveWindow: ReceiveWindow;
  /** Reads from the socket; the broker's own clients have none. */
  reader: ConnectionReader | undefined = undefined;
  /** Takes the messages of the client, from its first one on. */
  pipeline: MessageReceiver | undefined = undefined;
  /** Its place among all open sockets; the broker's own clients have none. */
  place: OpenSocket | undefined = undefined;
  state: ConnectionState = "new";
  client: Client | undefined;
  session: Session | undefined;
  version: ProtocolVersion = 4;
  /** CONNECT whose AUTH exchange is under way. */
  connect: ConnectPacket | undefined;
  /** Session Expiry Interval that the client has asked for in CONNECT, in seconds, whatever became of it. */
  askedExpiry = 0;
  /** AUTH packets that were asked for before CONNACK. */
  authenticationSteps = 0;
  /** True from CONNACK to the end. */
  ready = false;
  /** False after Request Problem Information 0. */
  problemInformation = true;
  /** The client's Maximum Packet Size. */
  maximumPacketSize = Infinity;
  inboundAliases: InboundAliases | undefined;
  outboundAliases: OutboundAliases | undefined;
  /** When the last bytes arrived, in milliseconds since 1970. */
  lastRead: number;
  /** Topic of its last PUBLISH. */
  lastTopic: KnownTopic = NO_TOPIC;
  deadline: Deadline | undefined;
  /** Method and data of enhanced authentication, as they go into CONNACK. */
  authentication: Properties | undefined;
  /** True while a re-authentication is under way. */
  reauthenticating = false;
  readonly #closer: SocketCloser;

  constructor(core: Core, socket: Socket, origin: { listenerId: string; transport: string }) {
    this.core = core;
    this.socket = socket;
    this.listenerId = origin.listenerId;
    this.transport = origin.transport;
    this.lastRead = core.now();
    this.receiveWindow = new ReceiveWindow(core.options.capabilities.receiveMaximum);
    this.out = new OutboundQueue(socket, { turn: core.turn, limits: core.outboundLimits, owner: this });
    this.#closer = new SocketCloser(core.scheduler, socket, this.out);
    awaitClient(core, this, "CONNECT");
  }

  get closed(): boolean {
    return this.state === "closed";
  }

  get version5(): boolean {
    return this.version === 5;
  }

  /** Milliseconds since 1970, as of this turn. */
  get recentTime(): number {
    return this.core.recentTime;
  }

  /** Nothing more can be read: ends the connection, unless it has ended, and waits until its socket is closed. */
  async readingEnded(error: unknown): Promise<void> {
    if (error !== undefined) this.fail(error);
    else if (!this.closed) {
      this.#closer.peerGone = true;
      this.finish(ReasonCode.UnspecifiedError, { error: new Error("the connection was lost") });
    }
    await this.#closer.peerEnds(this.socket);
  }

  /** Ends the connection because of an error, with the packet that belongs there. */
  fail(error: unknown): void {
    if (this.closed) return;
    if (error instanceof MqttError) {
      this.core.options.logger.debug("a client was refused", {
        client: this.client?.id,
        remote: this.socket.remoteAddress,
        reasonCode: error.reasonCode,
        reason: error.message,
      });
      if (this.state === "connected") return this.close(error.reasonCode, error);
      return this.refuse(refusalOf(error));
    }
    if (isLost(error)) return this.finish(ReasonCode.UnspecifiedError, { error: error as Error });
    this.core.unexpected("a connection failed", error);
    if (this.state === "connected") {
      this.close(ReasonCode.ImplementationSpecificError, error as Error, {
        reasonString: "an error within the broker",
      });
    } else this.finish(ReasonCode.ImplementationSpecificError, { error: error as Error });
  }

  /** Answers a CONNECT that is not accepted, where its version has an answer, and ends [MQTT-3.2.2-7]. */
  refuse(error: MqttError): void {
    const reasonCode = this.publicReason(PacketType.CONNACK, error.reasonCode);
    const version = answerVersion(this.client, error);
    if (version === 5 || version !== undefined && connackReturnCode(reasonCode) !== undefined) {
      this.version = version;
      this.send({
        type: PacketType.CONNACK,
        sessionPresent: false, // [MQTT-3.2.2-6]
        reasonCode,
        properties: refusalProperties(error),
      });
    }
    this.finish(error.reasonCode, { error });
  }

  /** The reason code that a client is told. */
  publicReason(packetType: number, reasonCode: number): number {
    if (reasonCode === ReasonCode.NotAuthorized && this.core.options.compatibilities.obscureNotAuthorized) {
      return ReasonCode.UnspecifiedError;
    }
    return usableReasonCode(packetType, reasonCode);
  }

  /** Ends the connection without a word: nothing was accepted yet. */
  drop(reason: string): void {
    if (this.closed) return;
    this.core.options.logger.debug("a connection was dropped", { remote: this.socket.remoteAddress, reason });
    this.finish(ReasonCode.UnspecifiedError, { error: new Error(reason) });
  }

  /** Ends the connection, with a DISCONNECT for MQTT 5 clients [MQTT-3.14.0-1]. */
  close(reasonCode: number, error?: Error, options?: DisconnectOptions): void {
    if (this.closed) return;
    if (this.ready && this.version === 5) {
      this.send({
        type: PacketType.DISCONNECT,
        reasonCode: this.publicReason(PacketType.DISCONNECT, reasonCode),
        properties: {
          reasonString: options?.reasonString ?? error?.message,
          serverReference: options?.serverReference ?? (error as MqttError | undefined)?.serverReference,
        },
      });
    }
    const linger = this.ready && this.version === 5 && this.core.options.compatibilities.passiveClientDisconnect;
    this.finish(reasonCode, { error: error ?? new Error(options?.reasonString ?? "ended by the broker"), linger });
  }

  /** Ends the connection: what was sent still leaves, nothing is sent any more [MQTT-3.14.4-1]. */
  finish(reasonCode: number, ending: { error?: Error; linger?: boolean } = {}): void {
    if (this.closed) return;
    const established = this.state === "connected";
    this.state = "closed";
    this.ready = false;
    this.deadline?.cancel();
    this.ackQueue.end();
    this.inboundAliases?.end();
    this.outboundAliases?.end();
    this.reader?.resume();
    this.core.connections.delete(this);
    this.#closer.close(ending.linger === true);
    connectionEnded(this.core, this, { reasonCode, error: ending.error, established });
  }

  /**
   * Sends a packet that is not PUBLISH. One that a hook refuses or that cannot be encoded ends the connection. Never throws.
   * @returns false when it was not sent, because of the client's Maximum Packet Size too
   */
  send(packet: Packet): boolean {
    if (this.closed) return false;
    try {
      return this.#append(packet);
    } catch (error) {
      const isLast = packet.type === PacketType.CONNACK || packet.type === PacketType.DISCONNECT;
      if (isLast) this.core.clientLog.warn("a last packet cannot be sent", { error: String(error) });
      else this.fail(error);
      return false;
    }
  }

  #append(packet: Packet): boolean {
    const { hooks, info } = this.core;
    if (hooks.on.onPacketEncode !== undefined && this.client !== undefined) {
      packet = hooks.transformNow(hooks.on.onPacketEncode, this.client, packet);
    }
    if (this.core.options.compatibilities.obscureNotAuthorized) packet = withoutReason(packet);
    packet = this.problemInformation ? withShortReason(packet) : withoutProblemInformation(packet);
    if (!encodeInto(this.out.writer, packet, this.version, { maximumPacketSize: this.maximumPacketSize })) return false;
    this.out.appended();
    info.packetsSent++;
    if (this.client !== undefined) hooks.observe(hooks.on.onPacketSent, this.client, packet);
    return true;
  }

  /** Sends a PUBACK, PUBREC, PUBREL or PUBCOMP without properties. */
  sendAck(type: AckPacket["type"], packetId: number, reasonCode: number = ReasonCode.Success): void {
    const { onPacketEncode, onPacketSent } = this.core.hooks.on;
    if (this.closed) return;
    const hasReason = reasonCode !== ReasonCode.Success && this.version === 5;
    if (hasReason || onPacketEncode !== undefined || onPacketSent !== undefined) {
      return void this.send({ type, packetId, reasonCode });
    }
    encodeAck(this.out.writer, type, packetId);
    this.out.appended();
    this.core.info.packetsSent++;
  }

  hasRoom(): boolean {
    return this.out.hasRoom();
  }

  takesBacklog(): boolean {
    return this.out.isLow();
  }

  sendPublish(message: Message, delivery: PublishDelivery, dup: boolean): boolean {
    return sendPublish(this, message, delivery, dup);
  }

  sendRelease(packetId: number): void {
    this.sendAck(PacketType.PUBREL, packetId);
  }

  /** OutboundOwner: there is room again. */
  written(): void {
    this.reader?.resume();
    if (this.session?.existingOutbox?.waiting) pump(this.core, this.session);
  }

  /** OutboundOwner: the connection is lost. */
  writeFailed(error: unknown): void {
    this.finish(ReasonCode.UnspecifiedError, { error: error instanceof Error ? error : new Error(String(error)) });
  }
}
