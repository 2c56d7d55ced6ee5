import { allowAll } from "../../../hooks/auth/allow_all.ts";
import { Harness } from "../../helpers/harness.ts";
import { login } from "./hooks.ts";
import { connectBytes, expectAccepted, expectCloses, expectDisconnects, expectRefusals } from "./reactions.ts";

const COMPLETE_WILL = "00 01 'a' 00 00 01 'w' 00 01 'x'";

Deno.test("[v5 MQTT-3.1.0-1] a connection that does not begin with CONNECT is closed without a word", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("#");
  await expectCloses(harness, [
    "C0 00",
    "30 05 00 01 't' 00 'x'",
    "82 07 00 01 00 00 01 't' 00",
    "F0 00",
    "E0 00",
    "20 03 00 00 00",
    "'GET / HTTP/1.1'",
    "00",
    "C0",
    "20",
  ]);
  await watcher.expectNothing();
});

Deno.test("[v5 MQTT-3.1.0-2] a second CONNECT ends the connection", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will");
  await expectDisconnects(harness, 0x82, [connectBytes()], { will: {} });
  await watcher.expectMessage("will", "gone");
});

Deno.test("[v5 MQTT-3.1.2-1] another protocol name is closed without a word", async () => {
  await using harness = await Harness.start();
  await expectCloses(harness, [
    "10 0E 00 04 4D 51 54 58 05 02 00 3C 00 00 01 61",
    connectBytes({ name: "00 04 'mqtt' 05" }),
    connectBytes({ name: "00 05 'MQTTX' 05" }),
    connectBytes({ name: "00 00 05" }),
  ]);
});

Deno.test("[v5 MQTT-3.1.2-2] another protocol version is told so as the next version that is served would say it", async () => {
  await using harness = await Harness.start();
  const levels = [
    ...["00", "01", "02", "03"].map((level) => [level, "20 02 00 01"]),
    ...["06", "09", "7F", "80", "85", "FF"].map((level) => [level, "20 03 00 84 00"]),
  ];
  for (const [level, answer] of levels) {
    const client = await harness.open(answer.length > 11 ? 5 : 4);
    await client.send(connectBytes({ name: `00 04 'MQTT' ${level}` }));
    await client.expect(answer);
    await client.expectClosed();
  }
});

Deno.test("[v5 MQTT-3.1.2-3] bit 0 of the Connect Flags is 0", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [
    "10 0E 00 04 4D 51 54 54 05 03 00 3C 00 00 01 61",
    connectBytes({ flags: "01" }),
  ]);
});

Deno.test("[v5 MQTT-3.1.2-9] with Will Flag 1 all fields of the will are there", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [
    "10 0E 00 04 4D 51 54 54 05 06 00 3C 00 00 01 61",
    connectBytes({ flags: "06", payload: "00 01 'a' 00" }),
    connectBytes({ flags: "06", payload: "00 01 'a' 00 00 01 'w'" }),
  ]);
  await expectAccepted(harness, [connectBytes({ flags: "06", payload: COMPLETE_WILL })]);
});

Deno.test("[v5 MQTT-3.1.2-11] without a will there is no Will QoS", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [
    "10 0E 00 04 4D 51 54 54 05 0A 00 3C 00 00 01 61",
    connectBytes({ flags: "12" }),
    connectBytes({ flags: "1A" }),
  ]);
});

Deno.test("[v5 MQTT-3.1.2-12] Will QoS is 0, 1 or 2", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [connectBytes({ flags: "1E", payload: COMPLETE_WILL })]);
  await expectAccepted(harness, ["06", "0E", "16"].map((flags) => connectBytes({ flags, payload: COMPLETE_WILL })));
  const watcher = await harness.connect("watcher"), low = await harness.connect("low");
  await watcher.subscribe("will", { qos: 2 });
  await low.subscribe("will", { qos: 1 });
  for (const qos of [0, 1, 2] as const) {
    const client = await harness.connect({ clientId: "b", will: { qos } });
    await client.cut();
    await watcher.expectMessage("will", "gone", { qos });
    await low.expectMessage("will", "gone", { qos: Math.min(qos, 1) });
  }
});

Deno.test("[v5 MQTT-3.1.2-13] without a will there is no Will Retain", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, ["10 0E 00 04 4D 51 54 54 05 22 00 3C 00 00 01 61"]);
});

Deno.test("[v5 MQTT-3.1.2-16] without its flag there is no user name", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, ["10 11 00 04 4D 51 54 54 05 02 00 3C 00 00 01 61 00 01 75"]);
});

Deno.test("[v5 MQTT-3.1.2-17] with its flag there is a user name, even if it is empty", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [
    "10 0E 00 04 4D 51 54 54 05 82 00 3C 00 00 01 61",
    connectBytes({ flags: "82", payload: "00 01 'a' 00" }),
    connectBytes({ flags: "82", payload: "00 01 'a' 00 02 'u'" }),
  ]);
  await expectAccepted(harness, [connectBytes({ flags: "82", payload: "00 01 'a' 00 00" })]);
});

Deno.test("[v5 MQTT-3.1.2-18] without its flag there is no password", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [connectBytes({ flags: "82", payload: "00 01 'a' 00 01 'u' 00 01 'p'" })]);
});

Deno.test("[v5 MQTT-3.1.2-19] with its flag there is a password, also without a user name", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [connectBytes({ flags: "C2", payload: "00 01 'a' 00 01 'u'" })]);
  await expectAccepted(harness, [
    connectBytes({ flags: "C2", payload: "00 01 'a' 00 01 'u' 00 00" }),
    connectBytes({ flags: "42", payload: "00 01 'b' 00 06 'secret'" }),
  ]);
});

Deno.test("[v5 MQTT-3.1.2-19] a password without a user name reaches the authenticator", async () => {
  const token = {
    ...allowAll(),
    onConnectAuthenticate: (_: unknown, packet: { password?: Uint8Array }) => packet.password?.[0] === 1,
  };
  await using harness = await Harness.start({ hooks: [token] });
  await expectAccepted(harness, [connectBytes({ flags: "42", payload: "00 01 'b' 00 01 01" })]);
  await expectRefusals(harness, 0x86, [connectBytes({ flags: "42", payload: "00 01 'b' 00 01 02" })]);
});

Deno.test("[v5 MQTT-3.1.3-1] the fields come in one order", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  await expectAccepted(harness, [
    connectBytes({ flags: "C6", payload: `${COMPLETE_WILL} 00 01 'u' 00 06 'secret'` }),
  ]);
  await expectRefusals(harness, 0x81, [
    connectBytes({ flags: "C6", payload: "00 01 'u' 00 06 'secret' 00 01 'a' 00 00 01 'w' 00 01 'x'" }),
    connectBytes({ flags: "06", payload: "00 01 'a' 00 01 'w' 00 01 'x' 00" }),
  ]);
});

Deno.test("[v5 MQTT-3.1.3-12] the user name is text, the password is not", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [connectBytes({ flags: "82", payload: "00 01 'a' 00 01 FF" })]);
  await expectAccepted(harness, [connectBytes({ flags: "C2", payload: "00 01 'a' 00 01 'u' 00 04 FF 00 C0 80" })]);
});
