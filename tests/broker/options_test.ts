import { assert, assertEquals, assertThrows } from "@std/assert";
import { Broker } from "../../src/broker/broker.ts";
import type { BrokerOptions } from "../../src/broker/core/options.ts";
import { defaultCapabilities, defaultCompatibilities } from "../../src/broker/core/options.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";

type Fields = Record<string, unknown>;

/** Options that say `value` at a path like `capabilities.maximumQos`. */
function optionsWith(path: string, value: unknown): BrokerOptions {
  const [first, second] = path.split(".");
  return (second === undefined ? { [first]: value } : { [first]: { [second]: value } }) as BrokerOptions;
}

/** All paths with their defaults. */
function paths(): [path: string, value: unknown][] {
  const { capabilities: _, compatibilities: __, dispatch: ___, ...rest } = resolveOptions() as unknown as Fields;
  return [
    ...Object.entries(rest),
    ...Object.entries(defaultCapabilities).map(([name, value]) => [`capabilities.${name}`, value] as [string, unknown]),
    ...Object.entries(defaultCompatibilities).map(([name, value]) =>
      [`compatibilities.${name}`, value] as [string, unknown]
    ),
  ];
}

const WRONG: Record<string, unknown[]> = {
  number: [NaN, -1, Infinity, "1", null, true, {}, 2 ** 53, 1n],
  string: [1, null, true, {}],
  boolean: [0, 1, "true", null],
  object: [null, 1, "x", {}, []],
};

Deno.test("every option refuses what it cannot be, and names itself", () => {
  for (const [path, value] of paths()) {
    for (
      const wrong of WRONG[typeof value].filter((wrong) => typeof wrong !== typeof value || typeof wrong !== "string")
    ) {
      const error = assertThrows(() => new Broker(optionsWith(path, wrong)), Error);
      assert(error.message.startsWith(`Cannot use option ${path}: `), `${path} = ${String(wrong)}: ${error.message}`);
    }
  }
});

Deno.test("every option takes its default", () => {
  for (const [path, value] of paths()) {
    new Broker(optionsWith(path, value));
    new Broker(optionsWith(path, undefined));
  }
});

Deno.test("numbers have a lowest and a highest value", () => {
  const table: [path: string, lowest: number, highest: number][] = [
    ["capabilities.maximumQos", 0, 2],
    ["capabilities.minimumProtocolVersion", 3, 5],
    ["capabilities.topicAliasMaximum", 0, 65_535],
    ["capabilities.outboundTopicAliasMaximum", 0, 65_535],
    ["capabilities.receiveMaximum", 1, 65_535],
    ["capabilities.maximumInflight", 1, 65_535],
    ["capabilities.maximumPacketSize", 64, 268_435_460],
    ["capabilities.maximumConnectSize", 64, 268_435_460],
    ["capabilities.maximumSessionExpiryInterval", 0, 0xffff_ffff],
    ["capabilities.maximumMessageExpiryInterval", 0, 0xffff_ffff],
    ["capabilities.maximumKeepAlive", 0, 65_535],
    ["capabilities.maximumTopicLevels", 1, 65_535],
    ["capabilities.maximumSingleLevelWildcards", 0, 65_535],
    ["capabilities.maximumFiltersPerPacket", 1, Number.MAX_SAFE_INTEGER],
    ["capabilities.maximumClientIdLength", 23, 65_535],
    ["capabilities.maximumClients", 0, Number.MAX_SAFE_INTEGER],
    ["capabilities.maximumSessions", 0, Number.MAX_SAFE_INTEGER],
    ["clientNetReadBufferSize", 1_024, 16_777_216],
    ["clientNetWriteBufferSize", 1_024, 16_777_216],
    ["hookTimeout", 1, 3_600_000],
    ["hookLifecycleTimeout", 1, 3_600_000],
    ["connectTimeout", 0.001, 3_600],
    ["closeTimeout", 0, 3_600],
  ];
  for (const [path, lowest, highest] of table) {
    for (const value of [lowest, highest]) new Broker(optionsWith(path, value));
    for (const value of [lowest - 1, highest + 1]) {
      assertThrows(() => new Broker(optionsWith(path, value)), RangeError, path);
    }
  }
});

Deno.test("counts are whole numbers, seconds need not be", () => {
  for (
    const path of ["capabilities.maximumQos", "capabilities.receiveMaximum", "hookTimeout", "clientNetReadBufferSize"]
  ) {
    assertThrows(() => new Broker(optionsWith(path, 1_500.5)), RangeError, path);
  }
  assertThrows(() => new Broker({ capabilities: { maximumQos: 1.5 as never } }), RangeError, "expected a whole number");
  new Broker({ connectTimeout: 0.5, closeTimeout: 0.5, sysTopicResendInterval: 0.5 });
});

Deno.test("choices name what can be chosen", () => {
  const wrong = { shareDispatch: "roundrobin", queueOverflow: "drop" };
  for (const [name, value] of Object.entries(wrong)) {
    const error = assertThrows(() => new Broker(optionsWith(`capabilities.${name}`, value)), TypeError);
    assert(/current value is \w+, expected \w+, \w+/.test(error.message), error.message);
  }
  for (const dispatch of ["round_robin", "random", "least_inflight", "sticky", () => undefined]) {
    new Broker(optionsWith("capabilities.shareDispatch", dispatch));
  }
});

Deno.test("what is no option is refused", () => {
  for (
    const path of ["port", "capabilities.maximumqos", "compatibilities.quiet", "__proto__x", "capabilities.toString"]
  ) {
    assertThrows(
      () => new Broker(optionsWith(path, 1)),
      TypeError,
      `Cannot use option ${path}: there is no such option`,
    );
  }
});

Deno.test("an option that is misspelt, misplaced or of the wrong type is told what it should be", () => {
  const complaints = {
    "conectTimeout": "did you mean connectTimeout?",
    "maximumClients": "it belongs below capabilities",
    "longClientIds": "it belongs below compatibilities",
    "capabilities.maximum_qos": "did you mean maximumQos?",
  };
  for (const [path, complaint] of Object.entries(complaints)) {
    assertThrows(() => new Broker(optionsWith(path, 1)), TypeError, `${path}: there is no such option, ${complaint}`);
  }
  const wrong = optionsWith("capabilities.maximumQos", "2");
  assertThrows(() => new Broker(wrong), TypeError, 'current value is "2", expected a number');
  assertThrows(() => new Broker(optionsWith("logger", () => {})), TypeError, "a function, expected an object");
});

Deno.test("a logger and a clock have to be whole", () => {
  const { logger, clock } = resolveOptions() as unknown as { logger: Fields; clock: Fields };
  for (const [name, whole] of Object.entries({ logger, clock })) {
    for (const method of Object.keys(whole)) {
      const error = assertThrows(() => new Broker(optionsWith(name, { ...whole, [method]: undefined })), TypeError);
      assertEquals(error.message, `Cannot use option ${name}: it has no function ${method}`);
    }
  }
});
