/**
 * Hashes a password for a file of rules. The password is not part of the command, so it is in no history.
 *
 *     deno run examples/auth/hash_password.ts
 *     echo "$PASSWORD" | deno run examples/auth/hash_password.ts
 */
import { hashPassword } from "@mochi/broker";

const password = Deno.stdin.isTerminal()
  ? prompt("password:") ?? ""
  : (await new Response(Deno.stdin.readable).text()).replace(/\r?\n$/, "");

if (password === "") {
  console.error("no password, no hash: type it, or write it to standard input");
  Deno.exit(1);
}
console.log(await hashPassword(password));
