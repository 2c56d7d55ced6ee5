import { assertEquals } from "@std/assert";
import { allowAll, Broker, MemoryListener } from "../../mod.ts";
import { peerOf } from "../../src/session/peer_address.ts";
import { Harness } from "../helpers/harness.ts";

const peers: Record<string, string> = {
  "192.0.2.1:50000": "192.0.2.1",
  "[2001:db8:1:2:3:4:5:6]:50000": "2001:db8:1:2",
  "[2001:db8:1:2::6]:50001": "2001:db8:1:2",
  "[2001:db8:1:3::6]:50000": "2001:db8:1:3",
  "[2001:db8::6]:50000": "2001:db8:0:0",
  "[::1]:50000": "0:0:0:0",
  "[2001:db8::]:50000": "2001:db8:0:0",
  "/run/broker.sock": "/run/broker.sock",
};

Deno.test("a host counts as one, with IPv6 a network of 64 bits", () => {
  assertEquals(Object.keys(peers).map(peerOf), Object.values(peers));
});

Deno.test("addresses of one IPv6 network share a limit", async () => {
  await using broker = new Broker({ capabilities: { maximumClientsPerAddress: 1 } });
  const listener = new MemoryListener({ id: "memory" });
  await broker.addHook(allowAll());
  await broker.addListener(listener);
  await broker.serve();
  const sockets = ["[2001:db8::1]:1", "[2001:db8::2]:2", "[2001:db8:0:1::1]:1"].map((remoteAddress) =>
    listener.connect({ remoteAddress })
  );
  assertEquals(await sockets[1].read(new Uint8Array(1)), null);
  assertEquals(broker.info.connectionsAccepted, 2);
  for (const socket of sockets) socket.close();
});

Deno.test("who goes makes room for one", async () => {
  await using harness = await Harness.start({ capabilities: { maximumClientsPerAddress: 3 } });
  const listener = harness.broker.listeners.get("memory") as MemoryListener;
  const open = () => listener.connect({ remoteAddress: "192.0.2.1:1" });
  const sockets = [open(), open(), open()];
  await harness.settle();
  sockets[0].close();
  await harness.settle();
  sockets.push(open(), open());
  await harness.settle();
  assertEquals(harness.broker.info.connectionsAccepted, 4);
  for (const socket of sockets) socket.close();
});
