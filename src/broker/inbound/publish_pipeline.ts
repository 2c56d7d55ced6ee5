/** The one way of a PUBLISH: admit, access, transform, route, acknowledge.
 * @module */
import { Completion } from "../../hook/completion.ts";
import { PENDING, type TransformCall, type TransformReceiver } from "../../hook/transform_call.ts";
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode, reasonCodeName } from "../../packets/reason_codes.ts";
import type { PublishPacket } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import type { Connection, MessageReceiver } from "../connection/connection.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";
import { messageOf, packetOf } from "../routing/hook_packet.ts";
import { deliverAll, isKeptOut } from "../routing/deliver_all.ts";
import { choose, type Recipients } from "../routing/recipients.ts";
import { checkRetainedLimits } from "../routing/retain.ts";
import { acknowledge, refuse } from "./acknowledge.ts";
import { admit } from "./admit.ts";
import { answerAgain, beginReceiving } from "./awaiting_pubrel.ts";

/** The pipeline of a connection, made with its first message. */
export function pipelineOf(core: Core, connection: Connection): MessageReceiver {
  return connection.pipeline ??= new PublishPipeline(core, connection);
}

/**
 * Takes the messages of one client, each when the one before is done: whatever waits (access, hooks, who receives it) holds back
 * this client alone. A message that nothing has to be waited for makes no promise.
 */
class PublishPipeline implements MessageReceiver, TransformReceiver<PublishPacket> {
  readonly #core: Core;
  readonly #connection: Connection;
  readonly #transformed: Completion = new Completion();
  #call: TransformCall<PublishPacket> | undefined;
  /** The message that hooks look at. */
  #message!: Message;
  readonly #checkStopping = () => {
    if (this.#core.stopping) throw new MqttError(ReasonCode.ServerShuttingDown, "the broker is shutting down");
  };

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  take(message: Message): void | PromiseLike<void> {
    const core = this.#core, connection = this.#connection;
    core.info.messagesReceived++;
    if (!admit(core, connection, message)) return;
    const verdict = authorize(core, connection.client!, message.topic, "write");
    if (typeof verdict === "number") return this.#judged(message, verdict);
    return verdict.then((code) => {
      this.#becameOlder(message);
      return this.#judged(message, code);
    });
  }

  /** A message that may expire was waited for: what time is it? */
  #becameOlder({ expiresAt }: Message): void {
    if (expiresAt !== Infinity) this.#core.now();
  }

  #judged(message: Message, code: number): void | PromiseLike<void> {
    if (code !== ReasonCode.Success) return this.#refuse(message, code);
    return message.qos === 2 ? this.#takeOnce(message) : this.#transform(message);
  }

  #refuse(message: Message, code: number): void {
    refuse(this.#connection, message, code, `Cannot publish to ${message.topic}: ${reasonCodeName(code)}`);
  }

  /** A QoS 2 message may have come over an earlier connection already: what became of it there decides. */
  #takeOnce(message: Message): void | PromiseLike<void> {
    const session = this.#connection.session!, { packetId } = message, earlier = session.undecided?.get(packetId);
    if (earlier !== undefined) return earlier.then(() => this.#takeOnce(message));
    if (session.awaitsPubrel(packetId)) return answerAgain(this.#core, this.#connection, packetId);
    const pending = this.#transform(message);
    return pending === undefined ? undefined : this.#decideLater(message, pending);
  }

  /** Until it is decided, a message with this Packet Identifier that comes over a new connection has to wait. */
  #decideLater({ packetId }: Message, pending: PromiseLike<void>): Promise<void> {
    const session = this.#connection.session!, undecided = session.undecided ??= new Map<number, Promise<void>>();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const decided = () => void undecided.delete(packetId);
    undecided.set(packetId, promise.then(decided, decided));
    pending.then(resolve, reject);
    return promise;
  }

  #transform(message: Message): void | PromiseLike<void> {
    const core = this.#core, { onPublish } = core.hooks.on;
    if (onPublish === undefined) return this.#route(message, message);
    this.#message = message;
    let changed: PublishPacket | typeof PENDING;
    try {
      this.#call ??= core.hooks.transformCall<PublishPacket>(this);
      changed = this.#call.run(onPublish, this.#connection.client, packetOf(message));
    } catch (error) {
      return this.#refused(error);
    }
    return changed === PENDING ? this.#transformed : this.#take(changed);
  }

  /** Hooks that have taken their time let the message pass. */
  transformed(changed: PublishPacket): void {
    this.#becameOlder(this.#message);
    this.#settle(() => this.#take(changed));
  }

  /** Hooks that have taken their time refuse the message. */
  refused(error: MqttError): void {
    this.#settle(() => this.#refused(error));
  }

  #settle(step: () => void | PromiseLike<void>): void {
    const resolve = () => this.#transformed.resolve(), reject = (error: unknown) => this.#transformed.reject(error);
    try {
      const pending = step();
      if (pending === undefined) resolve();
      else pending.then(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  #take(changed: PublishPacket): void | PromiseLike<void> {
    const message = this.#message;
    try {
      return this.#route(message, messageOf(this.#core, message, changed));
    } catch (error) {
      return this.#refused(error);
    }
  }

  /**
   * A hook or a limit refuses the message: told at QoS 1/2, dropped at QoS 0. While the broker stops nothing more is begun with and
   * nothing is told: the client waits for the end of its connection, gets the wills of others until then, and sends it again later.
   */
  #refused(error: unknown, message: Message = this.#message): void | Promise<void> {
    if (!(error instanceof MqttError)) throw error;
    if (this.#core.stopping) return this.#core.connectionsClosed.promise;
    refuse(this.#connection, message, error.reasonCode, error.message);
  }

  /** Finds out who gets what has become of `message`. */
  #route(message: Message, routed: Message): void | PromiseLike<void> {
    let recipients: Recipients | Promise<Recipients>;
    try {
      this.#checkStopping();
      if (routed.retain) checkRetainedLimits(this.#core, routed);
      recipients = choose(this.#core, routed, this.#checkStopping);
    } catch (error) {
      return this.#refused(error, message);
    }
    if (!(recipients instanceof Promise)) return this.#deliver(message, routed, recipients);
    return recipients.then((chosen) => {
      this.#becameOlder(routed);
      return this.#core.stopping ? this.#core.connectionsClosed.promise : this.#deliver(message, routed, chosen);
    }, (error) => this.#refused(error, message));
  }

  /** In one turn, so that storage keeps all of it in one commit, unless very many receive it. */
  #deliver(message: Message, routed: Message, recipients: Recipients): void | Promise<void> {
    const core = this.#core, connection = this.#connection;
    const refusal = message.qos === 0 ? undefined : core.hooks.refusalOfMore();
    if (refusal !== undefined) return this.#refused(refusal, message); // nobody has it twice when it is sent again
    if (connection.version5 && isKeptOut(core, routed, recipients)) {
      return this.#refuse(message, ReasonCode.QuotaExceeded);
    }
    const pending = deliverAll(core, connection.client!, routed, recipients);
    if (pending !== undefined) return pending.then(() => this.#delivered(message, routed));
    this.#delivered(message, routed);
  }

  #delivered(message: Message, routed: Message): void {
    const core = this.#core, connection = this.#connection;
    if (message.qos === 2) routed.awaitCommit(beginReceiving(core, connection.session!, message.packetId));
    if (message.qos > 0) acknowledge(core, connection, message, routed);
    routed.commits = undefined; // retained and queued messages live longer than anybody waits for these
  }
}
