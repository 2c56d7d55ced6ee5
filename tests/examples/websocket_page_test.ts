/** The page of the WebSocket example, in a browser. */

import { assertEquals } from "@std/assert";
import { Browser } from "../helpers/browser.ts";
import { JsClient } from "../helpers/mqtt_js.ts";
import { testWith } from "../helpers/programs.ts";
import { ANY_PORT, runExample } from "./example.ts";

const CONNECTED = `document.querySelector("#state").value === "connected"`;
const LINES = `[...document.querySelectorAll("#messages li")].map((line) => line.innerText)`;

function publish(message: string): string {
  return `{
    const form = document.querySelector("#publish");
    form.message.value = ${JSON.stringify(message)};
    form.requestSubmit();
  }`;
}

Deno.test("websocket: the example serves its page, the client and nothing else", async () => {
  await runExample("websocket/server.ts", [ANY_PORT, "0"], async (address, example) => {
    const [, page] = await example.line(/page at (\S+)/);
    const types: Record<string, string | null> = {};
    for (const path of ["/", "/page.js", "/mqtt.js", "/server.ts"]) {
      const response = await fetch(page + path);
      await response.body?.cancel();
      types[path] = response.ok ? response.headers.get("content-type") : `${response.status}`;
    }
    assertEquals(types, {
      "/": "text/html; charset=utf-8",
      "/page.js": "text/javascript; charset=utf-8",
      "/mqtt.js": "text/javascript; charset=utf-8",
      "/server.ts": "404",
    });
    await using client = await JsClient.connect(`ws://${address}/mqtt`);
    await client.mqtt.subscribeAsync("chat/#");
    await client.mqtt.publishAsync("chat/lobby", "hi");
    assertEquals((await client.next()).payload, "hi");
  });
});

testWith(["chromium"], "websocket: two pages and a client talk to each other", async () => {
  await runExample("websocket/server.ts", [ANY_PORT, "0"], async (address, example) => {
    const [, url] = await example.line(/page at (\S+)/);
    await using browser = await Browser.start();
    const [first, second] = [await browser.open(url), await browser.open(url)];
    await Promise.all([first.until(CONNECTED), second.until(CONNECTED)]);
    await using client = await JsClient.connect(`mqtt://${address}`.replace("mqtt", "ws"));
    await client.mqtt.subscribeAsync("chat/#", { qos: 1 });

    await first.evaluate(publish("hello <b>there</b>"));
    await second.until(`${LINES}.length === 1`);
    assertEquals(await second.evaluate(LINES), ["chat/lobbyhello <b>there</b>"]);
    assertEquals((await client.next()).payload, "hello <b>there</b>");

    await client.mqtt.publishAsync("chat/outside", "hi", { qos: 1 });
    for (const page of [first, second]) {
      await page.until(`${LINES}.length === 2`);
      assertEquals((await page.evaluate<string[]>(LINES))[0], "chat/outsidehi");
    }

    const loaded = await first.evaluate<string[]>(`performance.getEntriesByType("resource").map(({ name }) => name)`);
    assertEquals(loaded.filter((name) => !name.startsWith(url) && !name.startsWith("data:")), []);
  });
});
