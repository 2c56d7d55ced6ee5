import { assert, assertEquals } from "@std/assert";
import { LogOutput } from "../../src/cli/log_output.ts";
import { createLogger } from "../../src/cli/logging.ts";
import { within } from "../helpers/within.ts";

/** More than any test needs. */
const MOST_WRITES = 1_000;

/** A pipe that is read when a test says so. */
class Pipe {
  text = "";
  /** Resolves when a write has begun. */
  asked = Promise.withResolvers<void>();
  #release = Promise.withResolvers<void>();
  #isOpen = false;
  #writes = 0;

  async write(bytes: Uint8Array): Promise<number> {
    this.asked.resolve();
    if (this.#writes++ === MOST_WRITES) await new Promise(() => {}); // or writing goes on for ever, and nothing else does
    if (!this.#isOpen) await this.#release.promise;
    const some = bytes.subarray(0, 10);
    this.text += new TextDecoder().decode(some);
    return some.length;
  }

  read(): void {
    this.#isOpen = true;
    this.#release.resolve();
  }
}

Deno.test("lines are written in order, whatever a write takes, and flush waits for them", async () => {
  const pipe = new Pipe(), output = new LogOutput(pipe);
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  for (const line of lines) assert(output.write(line));
  pipe.read();
  await output.flush(10_000);
  assertEquals(pipe.text, lines.join("\n") + "\n");
  output.write("later");
  await output.flush(10_000);
  assert(pipe.text.endsWith("line 99\nlater\n"));
});

Deno.test("what nobody reads has a bound, and how much was left out is told when it is read again", async () => {
  const pipe = new Pipe(), output = new LogOutput(pipe, 1_000);
  const logger = createLogger({ level: "info" }, { write: (line) => output.write(line), now: () => 0 });
  for (let index = 0; index < 1_000; index++) logger.info("x".repeat(100));
  pipe.read();
  await output.flush(10_000);
  assertEquals(pipe.text.split("\n").length - 1, 7);
  logger.error("at last");
  logger.error("and again");
  await output.flush(10_000);
  assertEquals(pipe.text.split("\n").slice(7), [
    "1970-01-01T00:00:00.000Z WARN  log lines were left out, because nobody has read them lines=993",
    "1970-01-01T00:00:00.000Z ERROR at last",
    "1970-01-01T00:00:00.000Z ERROR and again",
    "",
  ]);
});

Deno.test("no line passes by the one that tells of those before it", () => {
  const written: string[] = [];
  let room = 0;
  const write = (line: string) => line.length <= room && written.push(line) > 0;
  const logger = createLogger({}, { write, now: () => 0 });
  logger.info("no room");
  room = 50;
  logger.info("short");
  room = 1_000;
  logger.info("at last");
  assertEquals(written.map((line) => line.replace(/.*because/, "because")), [
    "because nobody has read them lines=2",
    "1970-01-01T00:00:00.000Z INFO  at last",
  ]);
});

Deno.test("flush does not wait for ever", async () => {
  const pipe = new Pipe(), output = new LogOutput(pipe);
  output.write("x");
  await within(output.flush(10), "the end of flush");
  assertEquals(pipe.text, "");
});

Deno.test("a reader that has gone stops nothing", async () => {
  const output = new LogOutput({ write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) }, 100);
  for (let round = 0; round < 10; round++) {
    assert(output.write("x".repeat(60)));
    await output.flush(10_000);
  }
});
