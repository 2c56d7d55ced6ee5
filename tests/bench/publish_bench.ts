/** Messages of one client on their way through the broker: to one topic, to topics in turn, with properties, past hooks.
 *
 *     deno bench -A $(deno run -qA tools/registry.ts) tests/bench/publish_bench.ts
 */
import { allowAll, Broker, type Hook, MemoryListener, type Socket } from "../../mod.ts";
import { readPublish } from "../../src/packets/publish.ts";
import { Message } from "../../src/session/message.ts";

const MESSAGES = 50_000;
/** So many are on their way at once: fewer than a subscriber may leave unacknowledged. */
const WINDOW = 5_000;
const encoder = new TextEncoder();

/** What a round is like. */
interface Kind {
  readonly topics: readonly string[];
  readonly qos: 0 | 1;
  readonly onPublish?: Hook["onPublish"];
}

function publish(topic: string, qos: 0 | 1, packetId: number): number[] {
  const body = [0, topic.length, ...encoder.encode(topic), ...qos === 0 ? [] : [packetId >> 8, packetId & 255]];
  return [0x30 | qos << 1, body.length + 64, ...body, ...new Array(64).fill(120)];
}

function connect(id: string): Uint8Array {
  return Uint8Array.of(0x10, 12 + id.length, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, id.length, ...encoder.encode(id));
}

async function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await socket.write(bytes));
}

async function readAll(socket: Socket, bytes: number): Promise<void> {
  const buffer = new Uint8Array(65_536);
  while (bytes > 0) bytes -= await socket.read(buffer) ?? bytes;
}

/** Reads messages, whose Packet Identifiers follow one another, and acknowledges those of each read. */
async function readAndAcknowledge(socket: Socket, bytes: number, state: { packetId: number }): Promise<void> {
  const buffer = new Uint8Array(65_536), length = bytes / WINDOW;
  for (let received = 0, acknowledged = 0; received < bytes;) {
    received += await socket.read(buffer) ?? bytes;
    const acks = new Uint8Array(4 * (Math.floor(received / length) - acknowledged));
    for (let at = 0; at < acks.length; at += 4) {
      state.packetId = state.packetId % 65_535 + 1;
      acks.set([0x40, 2, state.packetId >> 8, state.packetId & 255], at);
    }
    acknowledged += acks.length / 4;
    await writeAll(socket, acks);
  }
}

/** A broker with a subscriber and a publisher that are connected. */
async function begin({ qos, onPublish }: Kind): Promise<{ subscriber: Socket; publisher: Socket }> {
  const broker = new Broker({ sysTopicResendInterval: 0 });
  const listener = new MemoryListener({ id: "memory", capacity: 1_048_576 });
  await broker.addHook(allowAll());
  if (onPublish !== undefined) await broker.addHook({ id: "looking on", onPublish });
  await broker.addListener(listener);
  await broker.serve();
  const subscriber = listener.connect(), publisher = listener.connect();
  await writeAll(subscriber, connect("s"));
  await writeAll(subscriber, Uint8Array.of(0x82, 6, 0, 1, 0, 1, 35, qos));
  await readAll(subscriber, 4 + 5);
  await writeAll(publisher, connect("p"));
  await readAll(publisher, 4);
  return { subscriber, publisher };
}

/** One broker for as many rounds as it takes. */
async function rounds(kind: Kind): Promise<() => Promise<void>> {
  const { topics, qos } = kind, { subscriber, publisher } = await begin(kind), state = { packetId: 0 };
  const packets = Array.from({ length: MESSAGES }, (_, at) => publish(topics[at % topics.length], qos, at + 1));
  const bytes = Uint8Array.from(packets.flat()), size = bytes.length / MESSAGES * WINDOW;
  return async () => {
    for (let at = 0; at < bytes.length; at += size) {
      const received = qos === 0 ? readAll(subscriber, size) : readAndAcknowledge(subscriber, size, state);
      const acknowledged = readAll(publisher, qos * 4 * WINDOW);
      await Promise.all([writeAll(publisher, bytes.subarray(at, at + size)), received, acknowledged]);
    }
  };
}

const one = ["load/1"], two = ["load/1", "load/2"];
const hooks: Record<string, Hook["onPublish"]> = {
  "no hook": undefined,
  "a sync hook": () => undefined,
  "an async hook": async () => {},
};

for (const qos of [0, 1] as const) {
  const group = `QoS ${qos}`;
  for (const [name, onPublish] of Object.entries(hooks)) {
    const run = await rounds({ topics: one, qos, onPublish });
    Deno.bench(`${MESSAGES} messages at ${group}, one topic, ${name}`, { group, baseline: name === "no hook" }, run);
  }
  const alone = await rounds({ topics: two, qos });
  Deno.bench(`${MESSAGES} messages at ${group}, two topics in turn, no hook`, { group }, alone);
}

const packet = Uint8Array.from(publish("fleet/7/temperature", 0, 1));
for (const isNew of [true, false]) {
  let message = new Message();
  Deno.bench(
    `a PUBLISH is read into ${isNew ? "a new message" : "one that is used again"}, x64`,
    { group: "object" },
    () => {
      for (let at = 0; at < 64; at++) {
        if (isNew) message = new Message();
        message.frameStart = 0;
        readPublish(message, packet[0], packet, 2, packet.length, 4, {});
        message.limitLife(0);
        if (!isNew && !message.reuse()) throw new Error("somebody keeps it");
      }
    },
  );
}
