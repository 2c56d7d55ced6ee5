/** Which socket gives way when there are too many. */
import { assert, assertEquals } from "@std/assert";
import type { MemoryListener } from "../../mod.ts";
import { OpenSockets, roomForClients } from "../../src/broker/connection/open_sockets.ts";
import { WaitingSockets } from "../../src/broker/connection/waiting_sockets.ts";
import { Core } from "../../src/broker/core/core.ts";
import type { Socket } from "../../src/broker/core/listener.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { accept } from "../../src/broker/lifecycle/accept.ts";
import { Harness } from "../helpers/harness.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { within } from "../helpers/within.ts";

/** Opens connections from addresses of its own, and knows which are still open. */
class Street {
  readonly #harness: Harness;
  readonly #ended = new Set<Socket>();

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  /** A stranger from an address; it says nothing. */
  async silent(address: string): Promise<Socket> {
    const socket = this.#open(address);
    void socket.read(new Uint8Array(1)).then((length) => length === null && this.#ended.add(socket));
    await this.#harness.settle();
    return socket;
  }

  /** A client from an address, let in. */
  client(address: string, clientId: string): Promise<RawClient> {
    return new RawClient(this.#open(address), { version: 5 }).connect({ clientId });
  }

  areOpen(...sockets: Socket[]): boolean[] {
    return sockets.map((socket) => !this.#ended.has(socket));
  }

  #open(host: string): Socket {
    return (this.#harness.broker.listeners.get("memory") as MemoryListener).connect({ remoteAddress: `${host}:1` });
  }
}

async function withStreet(maximumSockets: number, test: (street: Street, harness: Harness) => Promise<void>) {
  await using harness = await Harness.start({ capabilities: { maximumSockets } });
  await test(new Street(harness), harness);
}

Deno.test("too many sockets: a flood from one address ends its own, the oldest first", () =>
  withStreet(4, async (street) => {
    const good = await street.silent("192.0.2.1");
    const flood: Socket[] = [];
    for (let count = 0; count < 8; count++) flood.push(await street.silent("192.0.2.66"));
    assertEquals(street.areOpen(good), [true]);
    assertEquals(street.areOpen(...flood), [false, false, false, false, false, true, true, true]);
    const newcomer = await street.silent("192.0.2.2");
    assertEquals(street.areOpen(newcomer, good, flood[5], flood[6]), [true, true, false, true]);
  }));

Deno.test("too many sockets from as many addresses: the oldest of all gives way", () =>
  withStreet(3, async (street) => {
    const sockets: Socket[] = [];
    for (let count = 1; count <= 5; count++) sockets.push(await street.silent(`192.0.2.${count}`));
    assertEquals(street.areOpen(...sockets), [false, false, true, true, true]);
  }));

Deno.test("too many sockets: addresses of one IPv6 network are one", () =>
  withStreet(3, async (street) => {
    const good = await street.silent("192.0.2.1"), flood: Socket[] = [];
    for (let count = 1; count <= 4; count++) flood.push(await street.silent(`[2001:db8::${count}]`));
    assertEquals(street.areOpen(good, ...flood), [true, false, false, true, true]);
  }));

Deno.test("too many sockets: who was let in stays, and there is always a way in", () =>
  withStreet(4, async (street, harness) => {
    const clients = [];
    for (const id of ["a", "b", "c"]) clients.push(await street.client("192.0.2.1", id));
    const silent = await street.silent("192.0.2.2");
    const refused = harness.open(); // in the place of the silent one
    await (await refused).sendConnect({ clientId: "d" });
    await (await refused).expectRefusal(0x97);
    assertEquals(street.areOpen(silent), [false]);
    await street.client("192.0.2.3", "a"); // takes the place of its own connection
    await clients[0].expectDisconnect(0x8e);
    for (const client of clients.slice(1)) await client.barrier();
    assertEquals(harness.broker.info.clientsConnected, 3);
  }));

Deno.test("too many sockets: an address at its own limit ends nobody else's", async () => {
  const capabilities = { maximumSockets: 3, maximumClientsPerAddress: 2 };
  await using harness = await Harness.start({ capabilities });
  const street = new Street(harness);
  const sockets: Socket[] = [];
  for (const host of [1, 2, 2, 2, 2]) sockets.push(await street.silent(`192.0.2.${host}`));
  assertEquals(street.areOpen(...sockets), [true, true, true, false, false]);
});

Deno.test("a connection whose place was taken away before it was handed over is closed", async () => {
  const core = new Core(resolveOptions({ capabilities: { maximumSockets: 1 } })), sockets = new OpenSockets(core);
  core.serving = true;
  const permit = sockets.enter("192.0.2.1:1", () => {});
  assert(sockets.enter("192.0.2.2:1", () => {}) !== undefined);
  let closed = 0;
  const never = new Promise<never>(() => {}), remoteAddress = "192.0.2.1:1";
  const socket = { remoteAddress, read: () => never, write: () => never, close: () => void closed++ };
  await within(accept(core, socket, { listenerId: "l", transport: "tcp", sockets, permit }), "the end", 1_000);
  assertEquals([closed, core.info.connectionsAccepted], [1, 0]);
});

Deno.test("the address with most sockets is known after any coming and going", () => {
  const waiting = new WaitingSockets<{ address: string }>(), model = new Map<string, { address: string }[]>();
  let seed = 7;
  const random = (below: number) => (seed = seed * 48_271 % 0x7fffffff) % below;
  for (let step = 0; step < 5_000; step++) {
    const address = `${random(6)}`, sockets = model.get(address) ?? [];
    model.set(address, sockets);
    if (random(100) < 52) {
      const socket = { address };
      sockets.push(socket);
      waiting.add(socket);
    } else {
      const [socket] = sockets.splice(random(Math.max(1, sockets.length)), 1);
      waiting.delete(socket ?? { address });
      if (socket !== undefined) waiting.delete(socket); // twice is as good as once
    }
    const most = Math.max(...Array.from(model.values(), ({ length }) => length)), found = waiting.oldestOfMost();
    if (most === 0) assertEquals(found, undefined);
    else assert(found === model.get(found!.address)![0] && model.get(found!.address)!.length === most);
  }
});

Deno.test("one of 32 sockets is not for clients, whatever they are allowed", () => {
  const room = (maximumSockets: number, maximumClients = Infinity) =>
    roomForClients({ ...new Core(resolveOptions({})).options.capabilities, maximumSockets, maximumClients });
  assertEquals([room(64), room(65), room(64, 62), room(64, 61)], [62, 62, 62, 61]);
  assertEquals(room(0), 1_048_576 - 32_768); // nobody says how many there may be
});
