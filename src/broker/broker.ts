/** The broker: hooks and listeners in, MQTT out.
 * @module */
import type { Hook } from "../hook/hook.ts";
import { limitedLogger } from "../hook/limited_logger.ts";
import type { SystemInfo } from "../hook/system_info.ts";
import type { Packet } from "../packets/types.ts";
import type { Client } from "../session/client.ts";
import type { InlineHandler } from "../session/session.ts";
import { accept } from "./lifecycle/accept.ts";
import { ClientList } from "./client_list.ts";
import type { Connection } from "./connection/connection.ts";
import { OpenSockets } from "./connection/open_sockets.ts";
import { Core } from "./core/core.ts";
import { HookLife } from "./lifecycle/hook_life.ts";
import { InlineClient, type InlineSubscribeOptions, type PublishOptions } from "./lifecycle/inline_client.ts";
import type { Listener } from "./core/listener.ts";
import type { BrokerOptions } from "./core/options.ts";
import { resolveOptions } from "./core/resolve_options.ts";
import { OpenCalls } from "./lifecycle/open_calls.ts";
import { restore } from "./lifecycle/restore.ts";
import { shutDown } from "./lifecycle/shut_down.ts";
import { refreshInfo, watchSysTopics } from "./lifecycle/sys_topics.ts";
import { TopicList } from "./topic_list.ts";
import { injectPacket, type NewClientOptions, newVirtualClient } from "./lifecycle/virtual_client.ts";

/**
 * An MQTT 5, 3.1.1 and 3.1 broker.
 *
 * Without a hook that answers `onConnectAuthenticate` and `onAclCheck` nobody may connect.
 *
 * @example
 * ```ts
 * import { allowAll, Broker, MemoryListener } from "@mochi/broker";
 *
 * await using broker = new Broker();
 * await broker.addHook(allowAll());
 * await broker.addListener(new MemoryListener({ id: "memory" }));
 * await broker.serve();
 *
 * broker.subscribe("greetings/+", (_client, packet) => {
 *   console.log(packet.topic, new TextDecoder().decode(packet.payload));
 * });
 * await broker.publish("greetings/world", "hello");
 * ```
 */
export class Broker implements AsyncDisposable {
  /** Clients and their sessions. */
  readonly clients: ClientList;
  /** Subscriptions and retained messages. */
  readonly topics: TopicList;
  readonly #core: Core;
  readonly #inline: InlineClient;
  readonly #sockets: OpenSockets;
  readonly #listeners = new Map<string, Listener>();
  readonly #hooks: HookLife;
  readonly #calls = new OpenCalls();
  readonly #injectable = new WeakMap<Client, Connection>();
  #started = false;
  #announced = false;
  #closing: Promise<void> | undefined;

  /**
   * A broker that has not been started.
   *
   * @param options every option has a default
   * @throws RangeError or TypeError that names an option which cannot be used
   */
  constructor(options?: BrokerOptions) {
    this.#core = new Core(resolveOptions(options));
    this.#inline = new InlineClient(this.#core);
    this.#hooks = new HookLife(this.#core, () => this.info);
    this.#sockets = new OpenSockets(this.#core);
    this.clients = new ClientList(this.#core);
    this.topics = new TopicList(this.#core);
  }

  /** The counters as they are now; a copy. */
  get info(): SystemInfo {
    return { ...refreshInfo(this.#core) };
  }

  /** True from the end of {@linkcode Broker.serve} to the begin of {@linkcode Broker.close}. */
  get serving(): boolean {
    return this.#core.serving;
  }

  /** True while the broker serves and no hook says that it cannot work. */
  get healthy(): boolean {
    return this.#core.serving && this.#core.hooks.healthy();
  }

  /** The listeners by id, in the order added. */
  get listeners(): ReadonlyMap<string, Listener> {
    return this.#listeners;
  }

  /** The hooks in the order added. */
  get hooks(): readonly Hook[] {
    return [...this.#core.hooks.hooks];
  }

  /**
   * Adds a hook, before the start or at any time later. Storage has to be added before the start.
   * @param hook the hook
   * @param options handed to its `init`
   * @throws Error (as rejection) when its id is taken, its `init` throws, it comes too late or the broker was closed
   */
  async addHook(hook: Hook, options?: unknown): Promise<void> {
    this.#calls.check("add hook");
    await this.#hooks.add(hook, options);
  }

  /**
   * Takes a hook off and stops it.
   * @param id its id
   * @returns false when there is none with this id
   * @throws Error (as rejection) when the broker was closed
   */
  async removeHook(id: string): Promise<boolean> {
    this.#calls.check("remove hook");
    return await this.#hooks.remove(id);
  }

  /**
   * Adds a listener, before the start or at any time later.
   * @param listener how clients get in
   * @throws Error (as rejection) when its id is taken, it cannot listen or the broker was closed
   */
  async addListener(listener: Listener): Promise<void> {
    this.#calls.check("add listener");
    if (this.#listeners.has(listener.id)) throw new Error(`Cannot add listener: id "${listener.id}" is already in use`);
    this.#listeners.set(listener.id, listener);
    if (!this.#core.serving) return;
    try {
      await this.#listen(listener);
    } catch (error) {
      this.#listeners.delete(listener.id);
      throw error;
    }
  }

  /**
   * Takes a listener off; its clients stay connected.
   * @param id its id
   * @returns false when there is none with this id
   * @throws Error (as rejection) when the broker was closed
   */
  async removeListener(id: string): Promise<boolean> {
    this.#calls.check("remove listener");
    const listener = this.#listeners.get(id);
    this.#listeners.delete(id);
    await listener?.close();
    return listener !== undefined;
  }

  async #listen(listener: Listener): Promise<void> {
    const origin = { listenerId: listener.id, transport: listener.protocol, sockets: this.#sockets };
    await listener.listen({
      enter: (remoteAddress, close) => this.#sockets.enter(remoteAddress, close),
      accept: (socket, permit) => accept(this.#core, socket, { ...origin, permit }),
      info: () => this.info,
      healthy: () => this.healthy,
      nextRound: () => new Promise((resolve) => this.#core.turn.afterReaders(resolve)),
      deadline: (milliseconds, expired) => {
        const deadline = this.#core.deadlines.begin(milliseconds, { expired, silence: () => Infinity });
        return () => deadline.cancel();
      },
      logger: limitedLogger(this.#core.options.logger, this.#core.options),
    });
    if (!this.#calls.closed) return;
    await listener.close();
    throw new Error(`Cannot listen on ${listener.address}: the broker was closed`);
  }

  /**
   * Starts hooks, restores what storage has kept, and listens. Resolves once clients can connect.
   * @throws Error (as rejection) of a hook or a listener; everything that had started is stopped again; or Error when the broker
   * was started or closed before
   */
  async serve(): Promise<void> {
    this.#calls.check("serve");
    if (this.#started) throw new Error("Cannot serve: this broker has been started before");
    this.#started = true;
    try {
      await this.#hooks.start();
      await restore(this.#core);
      this.#calls.check("serve");
      this.#core.serving = true;
      for (const listener of [...this.#listeners.values()]) await this.#listen(listener);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#announced = true;
    watchSysTopics(this.#core, this.#inline.client);
    this.#core.hooks.observe(this.#core.hooks.on.onStarted);
  }

  /**
   * Ends everything: no new clients, DISCONNECT 0x8B to MQTT 5 clients, what was sent leaves, hooks are stopped. Safe to
   * call twice; takes at most the `closeTimeout` of the options, and longer only where a hook takes long to stop.
   *
   * From its beginning on every other call is refused with an Error `Cannot ...: the broker was closed`; those that were
   * under way and have come to no end until then are rejected with it.
   */
  close(): Promise<void> {
    this.#calls.close();
    const parts = { hooks: this.#hooks, calls: this.#calls, inline: this.#inline, started: this.#announced };
    return this.#closing ??= shutDown(this.#core, this.#listeners.values(), parts);
  }

  /** The same as {@linkcode Broker.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Publishes a message in the name of the broker; no permission is needed, `onPublish` sees it.
   * @param topic Topic Name
   * @param payload bytes, or text that is sent as UTF-8
   * @param options QoS, RETAIN and properties
   * @returns resolves once the message is routed, and stored where storage is in use
   * @throws MqttError (as rejection) 0x82 or 0x90 for a topic that is not valid, or the code of a hook; TypeError or RangeError
   * (as rejections) that name an argument of another kind; Error (as rejection) when option `inlineClient` is false or the broker
   * was closed
   */
  async publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): Promise<void> {
    this.#needInline("publish");
    await this.#calls.wait("publish", this.#inline.publish(topic, payload, options));
  }

  /**
   * Calls `handler` with every message of a filter, retained ones first.
   *
   * Each pair of filter and number is a subscription with a QoS of its own, and is told of a message by itself; one to a shared
   * filter is a member of its group like any other.
   * @param topicFilter a filter, `$share/name/filter` included
   * @param handler called with the client that published (the broker's own for retained messages) and a packet of its own
   * @param options number of the subscription and QoS
   * @throws MqttError 0x81 for a filter that is malformed, 0x8F for one with too many levels; TypeError or RangeError that name an
   * argument of another kind; Error when option `inlineClient` is false or the broker was closed
   */
  subscribe(topicFilter: string, handler: InlineHandler, options: InlineSubscribeOptions = {}): void {
    this.#needInline("subscribe");
    this.#inline.subscribe(topicFilter, handler, options);
  }

  /**
   * Takes a subscription back.
   * @param topicFilter the filter as it was given to {@linkcode Broker.subscribe}
   * @param options the same number of the subscription
   * @returns false when there was none
   * @throws Error when option `inlineClient` is false or the broker was closed
   */
  unsubscribe(topicFilter: string, options: Pick<InlineSubscribeOptions, "id"> = {}): boolean {
    this.#needInline("unsubscribe");
    return this.#inline.unsubscribe(topicFilter, options.id ?? 0);
  }

  /**
   * Makes a client that exists only in this process, to inject packets as if it had sent them.
   * @param options who it is
   * @returns the client; `disconnect` ends it
   * @throws Error when its ClientID is in use, option `inlineClient` is false or the broker was closed
   */
  newClient(options: NewClientOptions = {}): Client {
    this.#needInline("make client");
    const { client, connection } = newVirtualClient(this.#core, options);
    this.#injectable.set(client, connection);
    return client;
  }

  /**
   * Handles a packet as if a client of {@linkcode Broker.newClient} had sent it.
   * @param client the client
   * @param packet any packet that a connected client may send
   * @returns resolves once the packet is handled
   * @throws MqttError (as rejection) when the packet has ended the client; Error (as rejection) when it is not one of those
   * clients or the broker was closed
   */
  async injectPacket(client: Client, packet: Packet): Promise<void> {
    this.#needInline("inject a packet");
    const connection = this.#injectable.get(client);
    if (connection === undefined) {
      throw new Error(`Cannot inject a packet: client "${client.id}" was not made by newClient`);
    }
    await this.#calls.wait("inject a packet", injectPacket(this.#core, connection, packet));
  }

  #needInline(action: string): void {
    this.#calls.check(action);
    if (!this.#core.options.inlineClient) {
      throw new Error(`Cannot ${action}: option inlineClient is false, expected true`);
    }
  }
}
