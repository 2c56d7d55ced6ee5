/** What a ledger does with passwords of which it has hashes. */
import { assert, assertEquals } from "@std/assert";
import { ledger, type LedgerHook } from "../../hooks/auth/ledger.ts";
import type { LedgerRules } from "../../hooks/auth/ledger_rules.ts";
import { hashPassword } from "../../hooks/auth/password.ts";
import { connectPacket, newClient } from "./clients.ts";

/** Slow enough to be told from everything else. */
const ITERATIONS = 100_000;
const slow = await hashPassword("right", ITERATIONS), quick = await hashPassword("right", 1_000);

interface Answer {
  allowed: boolean;
  milliseconds: number;
}

async function connect(hook: LedgerHook, username: string | undefined, password?: string): Promise<Answer> {
  const started = performance.now();
  const allowed = await hook.onConnectAuthenticate!(newClient({ username }), connectPacket(password)) as boolean;
  return { allowed, milliseconds: performance.now() - started };
}

/** The quickest of a few: whatever else the machine does makes it only slower. */
async function quickest(hook: LedgerHook, username: string | undefined, password?: string): Promise<Answer> {
  let best = await connect(hook, username, password);
  for (let again = 0; again < 4; again++) {
    const next = await connect(hook, username, password);
    if (next.milliseconds < best.milliseconds) best = next;
  }
  return best;
}

Deno.test("a right password is remembered, a wrong one is not, and new rules forget", async () => {
  const rules: LedgerRules = { users: { peach: { password: slow } } }, hook = ledger(rules);
  const first = await connect(hook, "peach", "right"), again = await quickest(hook, "peach", "right");
  const wrong = await quickest(hook, "peach", "wrong");
  assert(first.allowed && again.allowed && !wrong.allowed);
  assert(again.milliseconds < wrong.milliseconds / 3, `${again.milliseconds} ms, a wrong one ${wrong.milliseconds} ms`);
  hook.update(rules);
  const forgotten = await connect(hook, "peach", "right");
  assert(forgotten.milliseconds > wrong.milliseconds / 2, `${forgotten.milliseconds} ms after new rules`);
  hook.update({ users: { peach: { password: await hashPassword("other", 1_000) } } });
  assertEquals((await connect(hook, "peach", "right")).allowed, false);
});

const REFUSED: Record<string, [rules: LedgerRules, username: string | undefined]> = {
  "a name that nobody has": [{ users: { peach: { password: slow } } }, "nobody"],
  "no name": [{ users: { peach: { password: slow } } }, undefined],
  "a name that is kept out": [{ users: { peach: { password: slow }, melon: { disallow: true } } }, "melon"],
  "a name with a plain password": [{ users: { peach: { password: slow }, melon: { password: "plain" } } }, "melon"],
  "a name with a quick hash": [
    { users: { peach: { password: slow }, melon: { password: `sha256:saltsalt:${"0".repeat(64)}` } } },
    "melon",
  ],
  "a name that a rule keeps out": [{
    auth: [{ username: "peach", password: slow, allow: true }, { username: "melon", allow: false }],
  }, "melon"],
  "a name for which there is no rule": [{ auth: [{ username: "peach", password: slow, allow: true }] }, "melon"],
};

/** Rounds after which two times that differ all the time are different: what else the machine does makes each only longer. */
const ROUNDS = 50;

/** After a wrong password as much time passes without a computation as that one took. */
async function connectRested(hook: LedgerHook, username: string | undefined): ReturnType<typeof connect> {
  const answer = await connect(hook, username, "wrong");
  await new Promise((resolve) => setTimeout(resolve, answer.milliseconds + 1));
  return answer;
}

for (const [name, [rules, username]] of Object.entries(REFUSED)) {
  Deno.test(`${name} is refused as late as a wrong password`, async () => {
    const hook = ledger(rules);
    let other = Infinity, known = Infinity;
    for (let round = 0; round < ROUNDS && !(other > 0.7 * known && other < 1.4 * known); round++) {
      const answers = [await connectRested(hook, username), await connectRested(hook, "peach")];
      assertEquals(answers.map(({ allowed }) => allowed), [false, false]);
      other = Math.min(other, answers[0].milliseconds);
      known = Math.min(known, answers[1].milliseconds);
    }
    assert(other > 0.7 * known && other < 1.4 * known, `${other} ms, a wrong password ${known} ms`);
  });
}

Deno.test("the decoy is what most hashes are", async () => {
  const users = { a: { password: quick }, b: { password: quick }, c: { password: slow } };
  const many = await quickest(ledger({ users }), "nobody", "x");
  const one = await quickest(ledger({ users: { a: { password: slow } } }), "nobody", "x");
  assert(many.milliseconds < one.milliseconds / 3, `${many.milliseconds} ms and ${one.milliseconds} ms`);
});

Deno.test("nothing is computed without a hash in the rules, or without a password", () => {
  const answers = (rules: LedgerRules, username: string, password?: string) =>
    ledger(rules).onConnectAuthenticate!(newClient({ username }), connectPacket(password));
  assertEquals(answers({ users: { peach: { password: "plain" } } }, "nobody", "x"), false);
  assertEquals(answers({ users: { peach: { password: slow } } }, "nobody"), false);
  assertEquals(answers({ users: { peach: { password: slow } } }, "peach"), false);
});

Deno.test("many with the same right password wait for one computation", async () => {
  const hook = ledger({ users: { peach: { password: slow } } });
  const { milliseconds } = await quickest(hook, "nobody", "x"), started = performance.now();
  const answers = await Promise.all(Array.from({ length: 60 }, () => connect(hook, "peach", "right")));
  assert(answers.every(({ allowed }) => allowed));
  const took = performance.now() - started, most = (navigator.hardwareConcurrency + 5) * milliseconds;
  assert(took < most, `${took} ms for all, ${milliseconds} for one`);
});

Deno.test("a password is copied: the bytes that it came in are used again", async () => {
  const other = await hashPassword("other", 1_000);
  const plainLast = { auth: [{ password: other, allow: true }, { password: "right", allow: true }] };
  for (const rules of [{ auth: [{ password: quick, allow: true }] }, plainLast]) {
    const packet = connectPacket("right"), answer = ledger(rules).onConnectAuthenticate!(newClient({}), packet);
    packet.password!.fill(0);
    assertEquals(await answer, true);
  }
});
