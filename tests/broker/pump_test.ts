/** What has waited for a client is sent in portions, and counts as work that others wait for. */
import { assertEquals } from "@std/assert";
import { Core } from "../../src/broker/core/core.ts";
import { Portions } from "../../src/broker/core/portions.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { pump } from "../../src/broker/outbound/pump.ts";
import { Client } from "../../src/session/client.ts";
import { Message } from "../../src/session/message.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";
import { Session } from "../../src/session/session.ts";

const DELIVERY = { qos: 1, retain: false, identifiers: undefined, share: undefined } as const;

/** A core, the units of work that it was told of, and the rounds that it has asked for. */
function start() {
  const core = new Core(resolveOptions({})), spent: number[] = [], rounds: (() => void)[] = [];
  const portions = new Portions({ later: (run) => void rounds.push(run), onError: () => {} });
  const spend = portions.spend;
  portions.spend = (units) => (spent.push(units), spend.call(portions, units));
  Object.assign(core, { portions });
  return { core, spent, rounds };
}

/** A session with so many messages that nobody may read any more. */
function sessionWith(core: Core, count: number): Session {
  const client = new Client({ id: "a", protocolVersion: 5, cleanStart: true });
  const session = new Session(client, 0, core.deliveries), { outbox } = session;
  for (let sequence = 0; sequence < count; sequence++) {
    const message = new Message({ topic: "t", payload: new Uint8Array(0), receivedAt: 0 });
    outbox.enqueue(new OutboundRecord("a", sequence, message, DELIVERY));
  }
  const link = { ready: true, takesBacklog: () => true, hasRoom: () => true };
  session.link = link as unknown as Session["link"];
  outbox.connect(10);
  return session;
}

Deno.test("after 1,024 messages others have their turn, and two units for each are used up", () => {
  const { core, spent, rounds } = start(), session = sessionWith(core, 1_100);
  pump(core, session);
  assertEquals([session.outbox.queue.length, spent, rounds.length], [76, [2 * 1_024], 1]);
  rounds[0]();
  assertEquals([session.outbox.queue.length, spent.length], [0, 1]);
});

Deno.test("as many as may be sent in a row are sent without a pause", () => {
  const { core, spent, rounds } = start(), session = sessionWith(core, 1_024);
  pump(core, session);
  assertEquals([session.outbox.queue.length, spent, rounds.length], [0, [], 0]);
});
