/** The clients of a crash test, and what they do while the broker lives.
 * @module */
import type { QoS } from "../../src/packets/types.ts";
import type { ServerPacket } from "../helpers/server_packet.ts";
import { CrashClient, textOf } from "./crash_client.ts";
import { type Line, MessageLedger, RetainedLedger, SubscriptionLedger } from "./crash_ledger.ts";
import { CrashMortal } from "./crash_mortal.ts";
import { pause, type Random } from "./crash_random.ts";

/** Filters that come and go, with a topic that only this one matches. */
const FILTERS = new Map([
  ["x/0", "x/0"],
  ["x/1", "x/1"],
  ["x/2", "x/2"],
  ["x/3", "x/3"],
  ["y/+", "y/1"],
  ["z/#", "z/1/2"],
  ["long/".padEnd(400, "f"), "long/".padEnd(400, "f")],
]);
const FILTER_NAMES = [...FILTERS.keys()];
/** Messages that one publisher sends in one round at most. */
const BUDGET = 400;
/** Nobody lags behind by more: the broker drops what does not fit into a queue of 10,000 messages. */
const BACKLOG = 5_000;
/** So often nothing has come until what is missing will never come. */
const STALLED = 200;
/** Unanswered messages of one publisher at most. */
const WINDOW = 48;
const ORDERED = ["online", "old", "offline", "flapping"];

/** A publisher with its topics. */
interface Publisher {
  readonly client: CrashClient;
  readonly lines: readonly Line[];
  /** `r/publisher/qos/name`: order holds among messages of one QoS only, as PUBLISH is sent again at QoS 1 whatever came after it. */
  readonly retained: readonly string[];
}

/** Everything that talks to the broker. */
export class CrashWorld {
  /** The first thing that a client has seen and a broker must not do. */
  failure: Error | undefined;
  readonly #random: Random;
  readonly #messages = new MessageLedger();
  readonly #retained = new RetainedLedger();
  readonly #subscriptions = new SubscriptionLedger(FILTER_NAMES);
  readonly #publishers: Publisher[];
  readonly #subscribers: CrashClient[];
  readonly #offline: CrashClient;
  readonly #flapping: CrashClient;
  readonly #mortals: CrashMortal[];
  readonly #changer: CrashClient;
  readonly #prober: CrashClient;
  #subscribed = false;
  #value = 0;
  #probe = 0;
  #probed = new Set<string>();
  #address = "";

  /** @param random decides what happens */
  constructor(random: Random) {
    this.#random = random;
    this.#publishers = [3, 4, 5, 5].map((version, index) => this.#publisher(index, version as 3 | 4 | 5));
    this.#offline = this.#subscriber("offline", "offline");
    this.#flapping = this.#subscriber("flapping", "flapping", { receiveMaximum: 20 });
    const shared = [
      this.#subscriber("share-a", "shared"),
      this.#subscriber("share-b", "shared", { receiveMaximum: 10 }),
    ];
    const online = this.#subscriber("online", "online"), old = this.#subscriber("old", "old", { version: 4 });
    this.#subscribers = [online, old, this.#flapping, ...shared, this.#offline];
    const mortals = [{ version: 3, expiry: 0 }, { version: 4, expiry: 0 }, { expiry: 0 }, {}] as const;
    this.#mortals = mortals.map((options, index) => this.#mortal(index, options));
    this.#changer = this.#client("changer", { onMessage: (message) => this.#takeProbe(message) });
    this.#prober = this.#client("prober", {});
  }

  /** Whether the clients are connected and at work. */
  get ready(): boolean {
    return this.#subscribed && this.#prober.connected;
  }

  /** Numbers for people. */
  get summary(): string {
    return `${this.#messages.sent} messages sent, ${this.#messages.received} received, ${this.#value} retained`;
  }

  /** Lives through one life of the broker, until that ends or `traffic` is over. Errors are those of lost connections. */
  async live(address: string): Promise<void> {
    this.#address = address;
    await this.#checkRetained();
    const behind = this.#messages.backlog > BACKLOG;
    const offline = this.#subscribed && !behind && this.#random.chance(0.6);
    await this.#connect(offline ? [this.#offline] : []);
    await this.#checkSubscriptions();
    const publishers = behind ? [] : this.#publishers;
    await settled([
      ...publishers.map((publisher) => this.#publish(publisher)),
      this.#change(),
      this.#flap(),
      ...this.#mortals.map((mortal) => mortal.live(address, this.#random)),
    ]);
  }

  /** Waits for everything that is under way, and compares. */
  async finish(address: string): Promise<void> {
    this.#address = address;
    await this.#checkRetained();
    await this.#connect([]);
    await this.#checkSubscriptions();
    await Promise.all(this.#publishers.map(({ client }) => client.idle()));
    await this.#quiet();
    await this.#checkRetained();
    this.#complain(this.#messages.wrongs(ORDERED));
  }

  /** A message that has to be confirmed: the broker is there. */
  async alive(): Promise<void> {
    await this.#prober.publish("x/none", "", { qos: 1 });
  }

  /** Ends all connections. */
  async cut(): Promise<void> {
    const clients = [
      ...this.#subscribers,
      ...this.#publishers.map(({ client }) => client),
      ...this.#mortals.map(({ client }) => client),
      this.#changer,
      this.#prober,
    ];
    await Promise.all(clients.map((client) => client.cut()));
  }

  /** @throws what was found, if something was */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  #complain(wrongs: readonly string[]): void {
    if (wrongs.length > 0) this.failure ??= new Error(wrongs.slice(0, 20).join("\n"));
    this.check();
  }

  #client(id: string, options: ConstructorParameters<typeof CrashClient>[1]): CrashClient {
    const client = new CrashClient(id, options);
    client.onFailure = (error) => this.failure ??= error;
    return client;
  }

  #subscriber(id: string, receiver: string, options: { version?: 4 | 5; receiveMaximum?: number } = {}): CrashClient {
    this.#messages.receiver(receiver);
    const onMessage = (message: ServerPacket) =>
      this.#messages.arrived(receiver, message.topic!, Number.parseInt(textOf(message)));
    return this.#client(id, { ...options, onMessage });
  }

  #mortal(index: number, options: { version?: 3 | 4; expiry?: 0 }): CrashMortal {
    const mortal = new CrashMortal(`mortal-${index}`, this.#messages.line(`t/will/${index}`, 2), options);
    mortal.client.onFailure = (error) => this.failure ??= error;
    return mortal;
  }

  #publisher(index: number, version: 3 | 4 | 5): Publisher {
    const topics = [["1/a", 1], ["1/b", 1], ["2/a", 2], ["2/b", 2]] as const;
    return {
      client: this.#client(`publisher-${index}`, { version }),
      lines: topics.map(([name, qos]) => this.#messages.line(`t/${index}/${name}`, qos)),
      retained: ["1/a", "1/b", "2/a", "2/b"].map((name) => `r/${index}/${name}`),
    };
  }

  async #connect(without: readonly CrashClient[]): Promise<void> {
    const clients = [...this.#subscribers, this.#changer, this.#prober].filter((client) => !without.includes(client));
    await settled(clients.map((client) => client.connect(this.#address)));
    if (!this.#subscribed) {
      await settled(
        this.#subscribers.map((client) =>
          client.subscribe(client.id.startsWith("share") ? "$share/group/t/#" : "t/#", 2)
        ),
      );
      this.#subscribed = true;
    }
    await settled(this.#publishers.map(({ client }) => client.connect(this.#address)));
  }

  /** Sends messages until the connection ends or the budget of the round is used up. */
  async #publish(publisher: Publisher): Promise<void> {
    const random = this.#random;
    for (let left = BUDGET; left > 0;) {
      if (!publisher.client.connected) return;
      for (let burst = random.between(1, 30); burst > 0 && publisher.client.unfinished < WINDOW; burst--, left--) {
        if (random.chance(0.1)) this.#sendRetained(publisher);
        else this.#send(publisher);
      }
      await pause(random.between(0, 6));
    }
  }

  #send({ client, lines }: Publisher): void {
    const line = this.#random.pick(lines), number = ++line.sent;
    const payload = this.#random.chance(0.01) ? `${number} `.padEnd(70_000, "x") : String(number);
    const confirmed = client.publish(line.topic, payload, { qos: line.qos });
    confirmed.then(() => line.confirmed.add(number), (error) => this.failure ??= error);
  }

  #sendRetained({ client, retained }: Publisher): void {
    const topic = this.#random.pick(retained), value = this.#random.chance(0.2) ? 0 : ++this.#value;
    const note = this.#retained.sent(topic, value), qos = Number(topic.split("/")[2]) as QoS;
    const confirmed = client.publish(topic, value === 0 ? "" : String(value), { qos, retain: true });
    confirmed.then(note, (error) => this.failure ??= error);
  }

  /** Subscribes and unsubscribes until the connection ends. */
  async #change(): Promise<void> {
    for (let count = 0; count < 60 && this.#changer.connected; count++) {
      const filter = this.#random.pick(FILTER_NAMES), subscribed = this.#random.chance(0.5);
      const note = this.#subscriptions.asked(filter, subscribed);
      await (subscribed ? this.#changer.subscribe(filter, 1) : this.#changer.unsubscribe(filter));
      note();
      await pause(this.#random.between(0, 8));
    }
  }

  /** A subscriber that loses its connection now and then. */
  async #flap(): Promise<void> {
    for (let count = 0; count < 4; count++) {
      await pause(this.#random.between(10, 120));
      if (!this.#flapping.connected) return;
      await this.#flapping.cut();
      await this.#flapping.connect(this.#address);
    }
  }

  async #checkRetained(): Promise<void> {
    const found = new Map<string, number>();
    const onMessage = (message: ServerPacket) => void found.set(message.topic!, Number(textOf(message)));
    const checker = this.#client("checker", { expiry: 0, onMessage });
    await checker.connect(this.#address);
    await checker.subscribe("r/#", 0);
    await checker.ping();
    await checker.cut();
    this.#complain(this.#retained.wrongs(found));
  }

  /** One message to each topic of the filters. */
  async #checkSubscriptions(): Promise<void> {
    this.#probed = new Set();
    const probe = String(++this.#probe), prober = this.#prober;
    const all = [...FILTERS.values()].map((topic) => prober.publish(topic, probe, { qos: 1 }));
    await prober.whileConnected(Promise.all(all));
    await this.#changer.ping(); // a message is on its way before it is confirmed
    this.#complain(
      this.#subscriptions.wrongs(new Set(FILTER_NAMES.filter((name) => this.#probed.has(FILTERS.get(name)!)))),
    );
  }

  #takeProbe(message: ServerPacket): void {
    if (textOf(message) === String(this.#probe)) this.#probed.add(message.topic!); // others are of an earlier life
  }

  /** Until nothing comes any more: soon when nothing is missing, after some seconds without any progress otherwise. */
  async #quiet(): Promise<void> {
    for (let still = 0, before = -1; still < (this.#messages.missing > 0 ? STALLED : 3);) {
      await Promise.all(this.#subscribers.map((client) => client.ping()));
      await pause(20);
      still = this.#messages.received === before ? still + 1 : 0;
      before = this.#messages.received;
    }
  }
}

/** Waits for all, also when one fails. */
async function settled(promises: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
