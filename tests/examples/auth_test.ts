/** Examples of who may connect. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ScramExchange } from "../../examples/auth/scram_client.ts";
import { connectWithScram } from "../../examples/auth/scram_client.ts";
import { makeCredentials, METHOD, scramSha256 } from "../../examples/auth/scram_sha256.ts";
import { fromBase64, hmac, saltPassword, sha256 } from "../../examples/auth/scram_text.ts";
import { Child } from "../helpers/child.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { JsClient } from "../helpers/mqtt_js.ts";
import { ANY_PORT, runExample } from "./example.ts";

async function refusal(connecting: Promise<unknown>): Promise<number | undefined> {
  return (await assertRejects(() => connecting) as { code?: number }).code;
}

/** Peach reads what melon writes, and nobody else does either. */
async function checkPeachAndMelon(address: string): Promise<void> {
  const url = `mqtt://${address}`;
  await using peach = await JsClient.connect(url, { username: "peach", password: "password1" });
  await using melon = await JsClient.connect(url, { username: "melon", password: "password2" });
  await peach.mqtt.subscribeAsync("#", { qos: 1 });
  await melon.mqtt.publishAsync("updates/now", "hi", { qos: 1 });
  assertEquals((await peach.next()).payload, "hi");
  assertEquals(await refusal(melon.mqtt.publishAsync("peach/now", "hi", { qos: 1 })), 0x87);
  await using _sensor = await JsClient.connect(url, { clientId: "sensor-1" });
  assertEquals(await refusal(JsClient.connect(url, { username: "peach", password: "password2" })), 0x86);
  assertEquals(await refusal(JsClient.connect(url, { clientId: "somebody" })), 0x86);
}

Deno.test("auth: users, passwords and topics", async () => {
  await runExample("auth/basic.ts", [ANY_PORT], checkPeachAndMelon);
});

Deno.test("auth: hashed passwords in a file that is read again", async () => {
  const file = await Deno.makeTempFile();
  await Deno.copyFile("examples/auth/ledger.json", file);
  await runExample("auth/encoded.ts", [ANY_PORT, file], async (address, example) => {
    await checkPeachAndMelon(address);
    await Deno.writeTextFile(file, "{}");
    example.signal("SIGHUP");
    await example.line(/the old rules stay: ledger/);
    const password = await hash("password3");
    await Deno.writeTextFile(file, JSON.stringify({ users: { plum: { password } } }));
    example.signal("SIGHUP");
    await example.line(/rules read again/);
    await using _plum = await JsClient.connect(`mqtt://${address}`, { username: "plum", password: "password3" });
    assertEquals(
      await refusal(JsClient.connect(`mqtt://${address}`, { username: "peach", password: "password1" })),
      0x86,
    );
  });
});

async function hash(password: string): Promise<string> {
  await using child = await Child.deno("examples/auth/hash_password.ts");
  await child.write(password);
  await child.endInput();
  return (await child.end()).out.trim();
}

Deno.test("scram: a client that knows the password talks, others do not", async () => {
  await runExample("auth/scram.ts", [ANY_PORT], async (address) => {
    const url = `mqtt://${address}`;
    await using client = await Child.deno("examples/auth/scram_client.ts", [url, "peach", "password1"]);
    assertStringIncludes((await client.end()).out, "connected as peach\nreceived hello\n");
    assertEquals(await refusal(connectWithScram(url, "peach", "password2")), 0x87);
    assertEquals(await refusal(connectWithScram(url, "nobody", "password1")), 0x87);
    assertEquals(await refusal(JsClient.connect(url, { username: "peach", password: "password1" })), 0x86);
  });
});

/** The example in section 3 of RFC 7677. */
const RFC = {
  password: "pencil",
  clientNonce: "rOprNGfwEbeRWgbNEkqO",
  serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
  first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
  challenge: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  last: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  proof: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

async function startRfcServer(): Promise<Harness> {
  const salt = fromBase64(RFC.salt)!;
  const salted = await saltPassword(RFC.password, { salt, iterations: 4096 });
  const credentials = {
    salt,
    iterations: 4096,
    storedKey: await sha256(await hmac(salted, "Client Key")),
    serverKey: await hmac(salted, "Server Key"),
  };
  const hook = scramSha256((name) => name === "user" ? credentials : undefined, () => RFC.serverNonce);
  return await Harness.start({ hooks: [hook], realTime: true });
}

const bytes = (text: string) => new TextEncoder().encode(text);
const properties = (text: string) => ({ authenticationMethod: METHOD, authenticationData: bytes(text) });

Deno.test("scram: the exchange of RFC 7677, byte by byte, twice on one connection", async () => {
  await using harness = await startRfcServer();
  const client = await harness.open();
  await client.sendConnect({ clientId: "a", properties: properties(RFC.first) });
  await client.expect({ type: PacketType.AUTH, reasonCode: 0x18, properties: properties(RFC.challenge) });
  await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: properties(RFC.last) });
  const connack = await client.expect({ type: PacketType.CONNACK, reasonCode: 0 });
  assertEquals(connack.properties?.authenticationData, bytes(RFC.proof));
  assertEquals(harness.broker.clients.get("a")?.username, "user");
  // re-authentication
  await client.send({ type: PacketType.AUTH, reasonCode: 0x19, properties: properties(RFC.first) });
  await client.expect({ type: PacketType.AUTH, reasonCode: 0x18, properties: properties(RFC.challenge) });
  await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: properties(RFC.last) });
  await client.expect({ type: PacketType.AUTH, reasonCode: 0x00, properties: properties(RFC.proof) });
});

const WRONG_FIRST: Record<string, string> = {
  "no data": "",
  "no header": "n=user,r=abc",
  "channel binding that nobody offered": "p=tls-unique,,n=user,r=abc",
  "a mandatory extension": "n,,m=x,n=user,r=abc",
  "no nonce": "n,,n=user",
  "an empty nonce": "n,,n=user,r=",
  "no name": "n,,n=,r=abc",
  "a name with a stray =": "n,,n=us=er,r=abc",
  "another identity": "n,a=admin,n=user,r=abc",
};

for (const [what, message] of Object.entries(WRONG_FIRST)) {
  Deno.test(`scram: a first message with ${what} is refused`, async () => {
    await using harness = await startRfcServer();
    const client = await harness.open();
    await client.sendConnect({ properties: properties(message) });
    await client.expectRefusal(0x87);
  });
}

const WRONG_LAST: Record<string, string> = {
  "another nonce": RFC.last.replace("rOpr", "rOpq"),
  "another header": RFC.last.replace("biws", "eSws"),
  "another proof": RFC.last.replace("dHzb", "dHzc"),
  "a short proof": RFC.last.replace(/p=.*/, "p=AAAA"),
  "no proof": RFC.last.replace(/,p=.*/, ""),
  "a proof that is no Base64": RFC.last.replace(/p=.*/, "p=!"),
};

for (const [what, message] of Object.entries(WRONG_LAST)) {
  Deno.test(`scram: a last message with ${what} is refused`, async () => {
    await using harness = await startRfcServer();
    const client = await harness.open();
    await client.sendConnect({ properties: properties(RFC.first) });
    await client.expect({ type: PacketType.AUTH, reasonCode: 0x18 });
    await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: properties(message) });
    await client.expectRefusal(0x87);
  });
}

Deno.test("scram: names that are not known get the same salt each time", async () => {
  await using harness = await startRfcServer();
  const challenges: string[] = [];
  for (let count = 0; count < 2; count++) {
    const client = await harness.open();
    await client.sendConnect({ properties: properties("n,,n=nobody,r=abc") });
    const { properties: answer } = await client.expect({ type: PacketType.AUTH, reasonCode: 0x18 });
    challenges.push(new TextDecoder().decode(answer?.authenticationData));
  }
  assertEquals(challenges[0], challenges[1]);
});

Deno.test("scram: another user cannot take over a connection", async () => {
  const known = new Map([["peach", await makeCredentials("1")], ["melon", await makeCredentials("2")]]);
  await using harness = await Harness.start({ hooks: [scramSha256((name) => known.get(name))], realTime: true });
  const client = await harness.open();
  const peach = new ScramExchange("peach", "1");
  await client.sendConnect({ properties: properties(peach.first) });
  const decode = (data: Uint8Array | undefined) => new TextDecoder().decode(data);
  const challenge = await client.expect({ type: PacketType.AUTH });
  const last = await peach.answer(decode(challenge.properties?.authenticationData));
  await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: properties(last) });
  const connack = await client.expect({ type: PacketType.CONNACK });
  assert(peach.proves(decode(connack.properties?.authenticationData)));
  const melon = new ScramExchange("melon", "2");
  await client.send({ type: PacketType.AUTH, reasonCode: 0x19, properties: properties(melon.first) });
  const second = await client.expect({ type: PacketType.AUTH });
  const lastOfMelon = await melon.answer(decode(second.properties?.authenticationData));
  await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: properties(lastOfMelon) });
  await client.expectDisconnect(0x87);
});
