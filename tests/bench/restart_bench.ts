/** How soon a broker that has just been started is at full speed, with and without the warm-up of the program.
 *
 *     deno run -A $(deno run -qA tools/registry.ts) tests/bench/restart_bench.ts [ROUNDS]
 *
 * Each round starts the program, leaves it alone for a second, as clients that come back do, and then publishes as fast as it
 * takes messages: MQTT 5, fifty topics, two of three at QoS 0 and the third at QoS 1. Told are the milliseconds until the first
 * and the last of the messages, and the first time at which a window of 20 ms has carried four fifths of what the fastest window has.
 */
import { encodePacket } from "../../src/packets/packets.ts";
import { PacketType, type QoS } from "../../mod.ts";
import { ANY_PORT, BrokerProcess } from "../cli/broker_process.ts";

const MESSAGES = 400_000, BATCH = 64, WINDOW = 20, ROUNDS = Number(Deno.args[0] ?? 5);
const payload = new Uint8Array(120).fill(120);

/** What a round has shown. */
interface Restart {
  readonly all: number;
  readonly fullSpeed: number;
}

function publishes(first: number): Uint8Array {
  const packets = Array.from({ length: BATCH }, (_, index) => {
    const qos = (index % 3 === 2 ? 1 : 0) as QoS, packetId = qos === 0 ? 0 : (first + index) % 60_000 + 1;
    const topic = `fleet/${index % 50}/state`, properties = index % 2 === 0 ? { contentType: "text/plain" } : undefined;
    return encodePacket(
      { type: PacketType.PUBLISH, topic, payload, qos, packetId, retain: false, dup: false, properties },
      5,
      {
        from: "client",
      },
    )!;
  });
  return Uint8Array.from(packets.flatMap((packet) => [...packet]));
}

async function connect(port: number, clientId: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(
    encodePacket({ type: PacketType.CONNECT, protocolVersion: 5, cleanStart: true, keepAlive: 0, clientId }, 5, {
      from: "client",
    })!,
  );
  await connection.read(new Uint8Array(256));
  return connection;
}

/** One start of the program and the load behind it. */
async function restart(options: readonly string[]): Promise<Restart> {
  await using broker = await BrokerProcess.start(["--tcp", ANY_PORT, ...options]);
  const port = Number((await broker.address("tcp")).split(":").at(-1));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const publisher = await connect(port, "publisher"), subscriber = await connect(port, "subscriber");
  const filter = {
    topicFilter: "fleet/#",
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  } as const;
  await subscriber.write(
    encodePacket({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions: [filter] }, 5, { from: "client" })!,
  );
  await subscriber.read(new Uint8Array(64));
  return await measure(publisher, subscriber);
}

async function measure(publisher: Deno.TcpConn, subscriber: Deno.TcpConn): Promise<Restart> {
  const batch = publishes(0), began = performance.now(), windows: number[] = [];
  let received = 0, acknowledged = 0;
  const bytesOf = batch.length / BATCH, wanted = MESSAGES * bytesOf * 0.98; // QoS 1 arrives at QoS 0, two bytes shorter
  const reading = (async () => {
    const buffer = new Uint8Array(262_144);
    while (received < wanted) {
      received += await subscriber.read(buffer) ?? wanted;
      const window = Math.floor((performance.now() - began) / WINDOW);
      windows[window] = received;
    }
  })();
  const answers = (async () => {
    const buffer = new Uint8Array(65_536);
    while (acknowledged < Math.floor(MESSAGES / 3)) acknowledged += (await publisher.read(buffer) ?? 0) / 4;
  })();
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    for (let rest = batch; rest.length > 0;) rest = rest.subarray(await publisher.write(rest));
  }
  await reading;
  const all = performance.now() - began;
  publisher.close();
  subscriber.close();
  await answers.catch(() => {});
  return { all, fullSpeed: fullSpeedOf(windows) };
}

function fullSpeedOf(totals: readonly number[]): number {
  const filled: number[] = [];
  for (let index = 0; index < totals.length; index++) filled.push(totals[index] ?? filled.at(-1) ?? 0);
  const rates = filled.map((total, index) => total - (filled[index - 1] ?? 0)), fastest = Math.max(...rates);
  return WINDOW * (rates.findIndex((rate) => rate >= 0.8 * fastest) + 1);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

const kinds: Record<string, string[]> = { "with the warm-up": [], "without": ["--no-warm-up"] };
const results: Record<string, Restart[]> = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, options] of Object.entries(kinds)) (results[name] ??= []).push(await restart(options));
}
for (const [name, rounds] of Object.entries(results)) {
  const all = median(rounds.map(({ all }) => all)), fullSpeed = median(rounds.map(({ fullSpeed }) => fullSpeed));
  console.log(`${name}: ${MESSAGES} messages in ${Math.round(all)} ms, at full speed after ${fullSpeed} ms`);
}
