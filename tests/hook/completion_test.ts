import { assertEquals } from "@std/assert";
import { Completion } from "../../src/hook/completion.ts";

Deno.test("a completion tells the one listener of each end once, again and again", () => {
  const completion = new Completion(), heard: unknown[] = [];
  const listen = (turn: number) => completion.then(() => heard.push(turn), (error: unknown) => heard.push(error));
  for (const turn of [1, 2]) {
    listen(turn);
    completion.resolve();
    listen(turn);
    completion.reject(`no ${turn}`);
  }
  assertEquals(heard, [1, "no 1", 2, "no 2"]);
});

Deno.test("an end that comes before somebody listens is told to who listens next, also through a promise", async () => {
  const completion = new Completion(), heard: unknown[] = [];
  completion.resolve();
  completion.then(() => heard.push("early"));
  assertEquals(heard, ["early"]);
  const adopted = Promise.resolve().then((): PromiseLike<void> => {
    completion.reject("no");
    return completion;
  });
  await adopted.catch((error) => heard.push(error));
  assertEquals(heard, ["early", "no"]);
});
