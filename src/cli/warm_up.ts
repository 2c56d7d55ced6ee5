/** Exercise before work: brokers in memory serve clients of the program's own until the code is compiled.
 *
 * The runtime begins slowly and makes fast what is used most. A broker is used most just after a restart, when all clients come
 * back at once, so it uses the quiet moments before that. Sockets are of the kind that TCP has: code that was made fast for
 * another kind is thrown away when the first real client comes.
 * @module */
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { connSocket } from "../../listeners/conn_socket.ts";
import { memoryPair } from "../../listeners/memory.ts";
import { NetListener } from "../../listeners/net.ts";
import { Broker } from "../broker/broker.ts";
import { silentLogger } from "../hook/logger.ts";
import type { QoS } from "../packets/types.ts";
import { ExerciseClient } from "./exercise_client.ts";

/** Clients of one lesson: half of them speak MQTT 5. */
const CLIENTS = 4;
/** Topics that a client publishes to in turn. */
const TOPICS = 16;
/** Exchanges of one lesson. */
const EXCHANGES = 30;
/**
 * How many messages a client publishes at a time, how many times in a turn, and of which size: single ones, as many in one read
 * as clients that wait for acknowledgements send, large ones. Code is made fast that runs often, so each kind needs many turns.
 */
const WINDOWS: readonly { count: number; times: number; payload: Uint8Array }[] = [
  { count: 1, times: 8, payload: new Uint8Array(64) },
  { count: 64, times: 8, payload: new Uint8Array(64) },
  { count: 1, times: 8, payload: new Uint8Array(16) },
  { count: 4, times: 1, payload: new Uint8Array(4_096) },
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
  await using broker = new Broker({ logger: silentLogger });
  const pairs = Array.from({ length: CLIENTS }, () => memoryPair());
  await broker.addHook(allowAll());
  await broker.addListener(new NetListener({ id: "warm-up", connections: each(pairs.map(([, server]) => server)) }));
  await broker.serve();
  const clients = pairs.map(([client], number) => {
    return new ExerciseClient(connSocket(client, "warm-up"), number % 2 === 0 ? 4 : 5);
  });
  await Promise.all(clients.map((client, number) => client.connect(`${number}`, filtersOf(number))));
  for (let number = 0; number < EXCHANGES && goesOn(); number++) {
    const { times } = WINDOWS[number % WINDOWS.length];
    for (let time = 0; time < times; time++) await exchange(clients, number);
    await new Promise((resolve) => setTimeout(resolve, 0)); // signals, timers and the first client have their turn
  }
  for (const client of clients) await client.disconnect();
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** What a client publishes reaches two subscribers and a share group, one topic of it reaches all. */
function filtersOf(number: number): string[] {
  return [
    `warm-up/${number}/+`,
    `+/${(number + 2) % CLIENTS}/#`,
    `$share/group-${number}/warm-up/${number}/#`,
    "warm-up/all",
  ];
}

async function exchange(clients: readonly ExerciseClient[], number: number): Promise<void> {
  const qos = number % 3 as QoS, { count, payload } = WINDOWS[number % WINDOWS.length], retain = number % 5 === 4;
  const packets = count * (qos === 2 ? 2 : 1); // PUBLISH, and PUBREL at QoS 2
  clients.forEach((client, owner) => {
    for (let sent = 0; sent < count; sent++) {
      client.publish({ topic: `warm-up/${owner}/${sent % TOPICS}`, qos, retain, payload });
    }
    client.expect(4 * packets);
  });
  for (let sent = 0; sent < count; sent++) {
    clients[number % CLIENTS].publish({ topic: "warm-up/all", qos, retain: false, payload });
  }
  await Promise.all(clients.map((client) => client.settled()));
}
