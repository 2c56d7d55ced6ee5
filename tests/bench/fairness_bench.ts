/** What the runtime does with sockets that have data, which `src/broker/core/reading_order.ts` goes by:
 * `deno run -A tests/bench/fairness_bench.ts` prints each fact as it is on this machine and this version of Deno. */

/** Connections whose reads wait for data at the same time. */
const CONNECTIONS = 600;
/** Laps of the event loop after which something that has not happened will not. */
const LAPS = 1_000;

interface Pair {
  readonly client: Deno.Conn;
  readonly server: Deno.Conn;
}

async function pairs(count: number): Promise<Pair[]> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }), made: Pair[] = [];
  for (let index = 0; index < count; index++) {
    const [client, server] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      listener.accept(),
    ]);
    made.push({ client, server });
  }
  listener.close();
  return made;
}

function close(all: readonly Pair[]): void {
  for (const { client, server } of all) {
    client.close();
    server.close();
  }
}

function lap(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Neighbours become one range: `0-127 256-383`. */
function ranges(numbers: readonly number[]): string {
  const found: [first: number, last: number][] = [];
  for (const number of numbers) {
    const range = found.at(-1), step = range === undefined ? 0 : Math.sign(range[1] - range[0]);
    if (range !== undefined && Math.abs(number - range[1]) === 1 && (step === 0 || number - range[1] === step)) {
      range[1] = number;
    } else found.push([number, number]);
  }
  return found.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`).join(" ");
}

/** Data comes for all of them, in the order of their numbers. */
async function orderOfReads(): Promise<string[]> {
  const all = await pairs(CONNECTIONS), looks: number[][] = [[]];
  all.forEach(({ server }, number) => void server.read(new Uint8Array(1)).then(() => looks.at(-1)!.push(number)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const { client } of all) void client.write(new Uint8Array(1));
  while (looks.flat().length < CONNECTIONS) {
    await lap();
    if (looks.at(-1)!.length > 0) looks.push([]);
  }
  close(all);
  return looks.filter(({ length }) => length > 0).map(ranges);
}

/** How often the event loop goes round before it notices that there is data. */
async function lapsUntilLook(): Promise<number> {
  const [{ client, server }] = await pairs(1);
  let isRead = false, laps = 0;
  void server.read(new Uint8Array(1)).then(() => isRead = true);
  await lap();
  void client.write(new Uint8Array(1));
  while (!isRead && laps < LAPS) {
    await lap();
    laps++;
  }
  close([{ client, server }]);
  return laps;
}

/** Reads from a socket that has data, one behind the other, before the event loop goes round. */
async function readsInOneLap(): Promise<number> {
  const [{ client, server }] = await pairs(1);
  await client.write(new Uint8Array(LAPS));
  await new Promise((resolve) => setTimeout(resolve, 50));
  let hasGoneRound = false, reads = 0;
  setImmediate(() => hasGoneRound = true);
  while (!hasGoneRound && reads < LAPS) {
    await server.read(new Uint8Array(1));
    reads++;
  }
  close([{ client, server }]);
  return reads;
}

async function microseconds(work: () => Promise<unknown>, times: number): Promise<number> {
  const start = performance.now();
  for (let time = 0; time < times; time++) await work();
  return (performance.now() - start) / times * 1_000;
}

if (import.meta.main) {
  console.log(`Reads of a socket with data before the event loop goes round: ${await readsInOneLap()}`);
  console.log(`Laps of the event loop before it looks at a socket: ${await lapsUntilLook()}`);
  console.log(`A lap takes ${(await microseconds(lap, 10_000)).toFixed(1)} us`);
  const timer = () => new Promise((resolve) => setTimeout(resolve, 0));
  console.log(`A timer of 0 takes ${(await microseconds(timer, 200)).toFixed(0)} us`);
  console.log(`${CONNECTIONS} reads that wait for data are handed over in this order, a line for each time:`);
  for (const line of await orderOfReads()) console.log(`  ${line}`);
  Deno.exit();
}
