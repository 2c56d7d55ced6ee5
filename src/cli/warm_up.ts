/** Exercise before work: brokers in memory serve clients of the program's own until the code is compiled.
 *
 * The runtime begins slowly and makes fast what is used most. A broker is used most just after a restart, when all clients come
 * back at once, so it uses the quiet moments before that. What is exercised is what comes then: connections of TCP, and all that
 * fleets send in one read. Code that was made fast for less is thrown away when the first real client comes
 * (`--v8-flags=--trace-deopt` shows it; `tests/bench/restart_bench.ts` shows what it costs).
 * @module */
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { NetListener } from "../../listeners/net.ts";
import { Broker } from "../broker/broker.ts";
import { silentLogger } from "../hook/logger.ts";
import { type Packet, PacketType, type Properties, type PublishPacket, type QoS } from "../packets/types.ts";
import { ExerciseClient, Tally } from "./exercise_client.ts";

/** Clients of one lesson: half of them speak MQTT 5. */
const CLIENTS = 6;
/** All clients subscribe to it. */
const FOR_ALL = "warm-up/for/all";
/** What every other message of a client of MQTT 5 has. */
const PROPERTIES: Properties = {
  messageExpiryInterval: 60,
  contentType: "text/plain",
  userProperties: [["name", "value"]],
};

/** What a client sends in one write. Code is made fast that runs often, so each kind needs many turns. */
interface Exercise {
  /** How many messages. */
  readonly count: number;
  /** How many times. */
  readonly times: number;
  /** Bytes of the longest payload; the others are shorter. */
  readonly size: number;
  /** Topic Names in turn. */
  readonly topics: number;
  /** Where the Topic Names are: see {@linkcode filtersOf}. */
  readonly place: "own" | "shared" | "all";
  /** Quality of Service in turn. */
  readonly qos: readonly QoS[];
  /** RETAIN flag. */
  readonly retain?: boolean;
}

/** Single messages, windows of those who wait for acknowledgements, floods, and what is kept, shared, large or for many. */
const EXERCISES: readonly Exercise[] = [
  { count: 1, times: 6, size: 64, topics: 1, place: "own", qos: [0] },
  { count: 1, times: 6, size: 64, topics: 1, place: "own", qos: [1] },
  { count: 64, times: 4, size: 200, topics: 50, place: "own", qos: [0, 1, 2] },
  { count: 800, times: 2, size: 200, topics: 150, place: "own", qos: [0] },
  { count: 300, times: 2, size: 200, topics: 300, place: "own", qos: [0], retain: true },
  { count: 64, times: 3, size: 64, topics: 1, place: "own", qos: [1] },
  { count: 64, times: 2, size: 64, topics: 1, place: "own", qos: [2] },
  { count: 800, times: 2, size: 200, topics: 50, place: "shared", qos: [0] },
  { count: 20, times: 2, size: 64, topics: 1, place: "all", qos: [0, 1] },
  { count: 4, times: 1, size: 4_096, topics: 1, place: "own", qos: [0] },
];

/**
 * Brings the code that every message goes through to full speed, in turns of a few milliseconds.
 *
 * @param goesOn asked after each turn; the exercise ends when it is false
 * @throws {Error} (as rejection) when an exercise fails
 */
export async function warmUp(goesOn: () => boolean): Promise<void> {
  while (goesOn()) await lesson(goesOn);
}

/** A new broker each time, so that nothing is tuned to one. */
async function lesson(goesOn: () => boolean): Promise<void> {
  const [clients, servers] = await connections();
  await using broker = new Broker({ logger: silentLogger });
  await broker.addHook(allowAll());
  await broker.addListener(new NetListener({ id: "warm-up", connections: each(servers) }));
  await broker.serve();
  const tally = new Tally();
  const students = clients.map((connection, index) => new ExerciseClient(connection, index % 2 === 0 ? 4 : 5, tally));
  for (const [index, student] of students.entries()) {
    await student.connect(`warm-up-client-${index}`);
    for (const topicFilter of filtersOf(index)) await student.subscribe(topicFilter);
  }
  for (const [index, exercise] of EXERCISES.entries()) {
    if (!goesOn()) break;
    await practise(exercise, students, tally);
    await students[0].subscribe(`warm-up/more/+/${index}`); // others come meanwhile
  }
  await Promise.all(students.map((student) => student.disconnect()));
}

/** Connections of TCP on this machine, both ends of each. */
async function connections(): Promise<[clients: Deno.TcpConn[], servers: Deno.TcpConn[]]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clients: Deno.TcpConn[] = [], servers: Deno.TcpConn[] = [];
  while (clients.length < CLIENTS) {
    const client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    clients.push(client);
    servers.push(await acceptFrom(listener, client.localAddr.port));
    for (const connection of [client, servers.at(-1)!]) connection.setNoDelay();
  }
  return [clients, servers];
}

/** Nobody else comes in. */
async function acceptFrom(listener: Deno.TcpListener, port: number): Promise<Deno.TcpConn> {
  for (;;) {
    const connection = await listener.accept();
    if (connection.remoteAddr.port === port) return connection;
    connection.close();
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** What a client publishes to its own topics comes back to it, what it shares reaches one of all, one topic reaches all. */
function filtersOf(index: number): string[] {
  return [`warm-up/own/${index}/#`, "$share/warm-up-group/warm-up/shared/+/#", FOR_ALL];
}

async function practise(exercise: Exercise, students: readonly ExerciseClient[], tally: Tally): Promise<void> {
  const { times, place } = exercise;
  const batches = students.map((student, index) => student.encode(messagesOf(exercise, index)));
  const packets = students.length * packetsOf(exercise, place === "all" ? students.length : 1);
  for (let time = 0; time < times; time++) {
    tally.expect(packets);
    for (const [index, student] of students.entries()) void student.send(batches[index]).catch(() => tally.fail());
    await tally.settled;
  }
}

function messagesOf({ count, size, topics, place, qos, retain = false }: Exercise, index: number): Packet[] {
  return Array.from({ length: count }, (_, number): PublishPacket => ({
    type: PacketType.PUBLISH,
    topic: place === "all" ? FOR_ALL : `warm-up/${place}/${index}/${number % topics}`,
    payload: new Uint8Array(size - size * (number % 8) / 16),
    qos: qos[number % qos.length],
    retain,
    dup: false,
    packetId: qos[number % qos.length] === 0 ? 0 : number + 1,
    properties: index % 4 === 1 ? PROPERTIES : undefined,
  }));
}

/** PUBLISH and PUBREL to the subscribers, PUBACK, PUBREC and PUBCOMP to the publisher. */
function packetsOf({ count, qos }: Exercise, subscribers: number): number {
  let packets = 0;
  for (let number = 0; number < count; number++) {
    const level = qos[number % qos.length];
    packets += level + subscribers * (level === 2 ? 2 : 1);
  }
  return packets;
}
