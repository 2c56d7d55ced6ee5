import { assertEquals } from "@std/assert";
import { Addresses, AddressTotals } from "../../src/session/address_totals.ts";
import { Client } from "../../src/session/client.ts";
import { DeliveryTotals } from "../../src/session/delivery_totals.ts";
import { Message } from "../../src/session/message.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";
import { RetainedOwner } from "../../src/session/retained_owner.ts";
import { SessionRegistry } from "../../src/session/session_registry.ts";
import { Session } from "../../src/session/session.ts";

function sessionOf(totals: DeliveryTotals, id: string, remoteAddress: string): Session {
  return new Session(new Client({ id, protocolVersion: 5, remoteAddress }), 0, totals);
}

Deno.test("sessions count for the address that they began from, whatever its port, until they end", () => {
  const totals = new DeliveryTotals(), { addresses } = totals, registry = new SessionRegistry();
  const [first, second, other] = [
    sessionOf(totals, "1", "192.0.2.1:5"),
    sessionOf(totals, "2", "192.0.2.1:6"),
    sessionOf(totals, "3", "192.0.2.3:6"),
  ];
  for (const session of [first, second, other]) registry.add(session);
  assertEquals([first.address === second.address, addresses.size], [true, 2]);
  assertEquals([first.address.sessions, other.address.sessions], [first.bytes + second.bytes, other.bytes]);
  registry.add(sessionOf(totals, "2", "192.0.2.3:7")); // takes the place of the one before
  assertEquals([first.address.sessions, other.address.sessions], [first.bytes, other.bytes + second.bytes]);
  for (const { clientId } of [...registry.values()]) registry.remove(registry.get(clientId)!);
  assertEquals([first.address.sessions, other.address.sessions, addresses.size], [0, 0, 0]);
});

Deno.test("an address is known as long as anything is kept of it, and one that was forgotten forgets no other", () => {
  const addresses = new Addresses(), old = addresses.of("a");
  old.count("sessions", 5);
  old.count("subscriptions", 5);
  old.count("sessions", -5);
  assertEquals(addresses.get("a"), old);
  old.count("subscriptions", -5);
  assertEquals(addresses.get("a"), undefined);
  const young = addresses.of("a");
  old.count("wills", 0);
  assertEquals(addresses.get("a"), young);
});

Deno.test("a message counts for the address of its session until it is finished, from PUBREC on without its bytes", () => {
  const totals = new DeliveryTotals(), { outbox, address } = sessionOf(totals, "1", "192.0.2.1:5");
  const rest = { retain: false, identifiers: undefined, share: undefined, packetId: 0 } as const;
  const record = (qos: 1 | 2) => {
    const message = new Message({ topic: "t", payload: new Uint8Array(100), qos, receivedAt: 0 });
    return new OutboundRecord("1", 1, message, { ...rest, qos });
  };
  const [sent, queued] = [record(2), record(1)];
  outbox.begin(sent, 1);
  outbox.enqueue(queued);
  assertEquals([address.queued, outbox.bytes], [totals.bytes, totals.bytes]);
  outbox.release(sent);
  assertEquals([address.queued, outbox.bytes], [totals.bytes, totals.bytes]);
  outbox.finish(sent);
  outbox.dequeue();
  assertEquals([address.queued, outbox.bytes, totals.bytes], [0, 0, 0]);
});

Deno.test("who retains nothing any more is forgotten", () => {
  const owners = new Map<string, RetainedOwner>(), address = new AddressTotals();
  const owner = new RetainedOwner("a", { address, owners });
  owner.count(10);
  assertEquals([owners.get("a"), owner.bytes, address.retained], [owner, 10, 10]);
  owner.count(-10);
  assertEquals([owners.size, address.retained], [0, 0]);
});
