/** Examples of ways in: each takes a client, delivers a message, and stops when it is told to. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Child } from "../helpers/child.ts";
import { JsClient } from "../helpers/mqtt_js.ts";
import { ANY_PORT, runExample } from "./example.ts";

const certs = new URL("../../examples/tls/certs/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, certs));
const ca = read("ca.pem");

/** Connects, and sees a message of its own. */
async function exchange(url: string, options: Parameters<typeof JsClient.connect>[1] = {}): Promise<void> {
  await using client = await JsClient.connect(url, options);
  await client.mqtt.subscribeAsync("peach/#", { qos: 1 });
  await client.mqtt.publishAsync("peach/hello", "hi", { qos: 1 });
  const { topic, payload } = await client.next();
  assertEquals([topic, payload], ["peach/hello", "hi"]);
  await client.mqtt.endAsync();
}

Deno.test("tcp", async () => {
  await runExample("tcp.ts", [ANY_PORT], (address) => exchange(`mqtt://${address}`));
});

Deno.test("unix", async () => {
  const path = `${Deno.env.get("TMPDIR")}/broker.sock`;
  await runExample("unix.ts", [path], () => exchange(`unix:${path}`));
});

Deno.test("net: the bouncer lets five connections in", async () => {
  await runExample("net.ts", ["0"], async (address) => {
    for (let count = 0; count < 5; count++) await exchange(`mqtt://${address}`);
    await assertRejects(() => JsClient.connect(`mqtt://${address}`));
  });
});

Deno.test("tls: clients that trust the authority, and a certificate that is read again", async () => {
  await runExample("tls/server.ts", [ANY_PORT], async (address, example) => {
    await exchange(`mqtts://${address}`, { ca });
    await assertRejects(() => JsClient.connect(`mqtts://${address}`));
    example.signal("SIGHUP");
    await example.line(/certificate read again/);
    await exchange(`mqtts://${address}`, { ca });
  });
});

Deno.test("tls: the name in the client's certificate is who it is", async () => {
  await runExample("tls/client_certificates.ts", [ANY_PORT], async (address) => {
    await exchange(`mqtts://${address}`, { ca, cert: read("client.pem"), key: read("client.key") });
    await assertRejects(() => JsClient.connect(`mqtts://${address}`, { ca }));
  });
});

Deno.test("embedded: pages, an API and MQTT on one port", async () => {
  await runExample("embedded.ts", ["0"], async (url) => {
    await exchange(`${url.replace("http", "ws")}/mqtt`);
    await using client = await JsClient.connect(`${url.replace("http", "ws")}/mqtt`);
    await client.mqtt.subscribeAsync("lamps/#");
    const published = await fetch(`${url}/lamps/kitchen`, { method: "POST", body: "on" });
    assertEquals([published.status, await published.text()], [202, "published\n"]);
    assertEquals((await client.next()).payload, "on");
    assertMatch(await (await fetch(url)).text(), /web application/);
    assertEquals((await (await fetch(`${url}/status`)).json()).clientsConnected, 1);
    const lost = await fetch(`${url}/nothing`);
    assertEquals([lost.status, await lost.text()], [404, "not found\n"]);
  });
});

Deno.test("fetch: `deno serve` answers pages and MQTT", async () => {
  await using example = await Child.serve("examples/fetch.ts", ["--host", "127.0.0.1", "--port", "0"]);
  const [, host] = await example.line(/http:\/\/([\d.:]+)/);
  await exchange(`ws://${host}/mqtt`);
  assertEquals(await (await fetch(`http://${host}/`)).text(), "MQTT over WebSocket is at /mqtt\n");
  await example.stop();
});
