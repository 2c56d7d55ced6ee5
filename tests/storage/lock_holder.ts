/** Opens the store at the path given and keeps it until it is killed. */
import { kvEngine } from "../../hooks/storage/kv_open.ts";

const engine = kvEngine({ path: Deno.args[0] });
await engine.open();
await engine.commit(new Map([["a", { dropped: false, items: new Map([["x", Uint8Array.of(1)]]) }]]));
console.log("open");
setInterval(() => {}, 1_000);
