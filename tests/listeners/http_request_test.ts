/** The head of a request takes no longer than its bytes tell, whatever is in it. */
import { assert, assertEquals } from "@std/assert";
import { parseRequest } from "../../listeners/http_request.ts";

function headWith(name: string, value: string): Uint8Array {
  return new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: example\r\n${name}: ${value}\r\n`);
}

Deno.test("blanks around a field do not count, those in it do", () => {
  const header = (value: string) => parseRequest(headWith("Origin", value)).header("origin");
  assertEquals([" \t a \t b \t ", "   ", "", "c"].map(header), ["a \t b", "", "", "c"]);
});

/** The shortest of some times, in milliseconds. */
function timeOf(head: Uint8Array): number {
  let shortest = Infinity;
  for (let time = 0; time < 20; time++) {
    const start = performance.now();
    parseRequest(head).header("origin");
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}

for (const filling of [" ", "\t", ",", ", "]) {
  Deno.test(`a field with thousands of ${JSON.stringify(filling)} takes as long as one of letters, nearly`, () => {
    const blanks = timeOf(headWith("Origin", `x${filling.repeat(7_000 / filling.length)}y`));
    const letters = timeOf(headWith("Origin", "x".repeat(7_000)));
    assert(blanks < 50 * letters + 0.1, `${blanks} ms, ${letters} ms with letters`);
  });
}
