/** A broker on 127.0.0.1 with one async function for every message: `deno run -A hooked_broker.ts PORT`. */

import { allowAll, Broker, TcpListener } from "../../mod.ts";

const broker = new Broker();
await broker.addHook(allowAll());
await broker.addHook({
  id: "async",
  onPublish: async () => {
    await Promise.resolve();
  },
});
await broker.addListener(new TcpListener({ id: "tcp", address: `127.0.0.1:${Deno.args[0]}` }));
await broker.serve();
