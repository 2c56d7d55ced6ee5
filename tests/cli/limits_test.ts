import { assertEquals } from "@std/assert";
import { defaultCapabilities } from "../../src/broker/core/options.ts";
import { BEYOND_LOOPBACK, limitsInForce, withLimits } from "../../src/cli/limits.ts";
import type { ListenerSettings, Settings } from "../../src/cli/settings.ts";

const ON_LOOPBACK: ListenerSettings[] = [
  { type: "tcp", id: "tcp", address: "127.0.0.1:1883", place: "--tcp" },
  { type: "unix", id: "unix", address: "/run/mqtt.sock", place: "--unix" },
];
const BEYOND: ListenerSettings[] = [...ON_LOOPBACK, { type: "sysinfo", id: "info", address: ":8080", place: "--info" }];

function capabilitiesOf(listeners: ListenerSettings[], descriptors?: number, given = {}): object {
  return withLimits({ listeners, options: { capabilities: given } }, descriptors).capabilities!;
}

Deno.test("on loopback the defaults of the broker hold, and there are as many sockets as descriptors for them", () => {
  assertEquals(capabilitiesOf(ON_LOOPBACK, 1_048_576), { maximumSockets: 1_048_320 });
  assertEquals(limitsInForce({ listeners: ON_LOOPBACK, options: {} } as unknown as Settings), undefined);
});

Deno.test("beyond loopback limits are finite", () => {
  assertEquals(capabilitiesOf(BEYOND, 1_048_576), { ...BEYOND_LOOPBACK });
  for (const [name, value] of Object.entries(BEYOND_LOOPBACK)) {
    const standard = defaultCapabilities[name as keyof typeof BEYOND_LOOPBACK];
    assertEquals(value > 0 && value < (standard || Infinity), true, name);
  }
});

Deno.test("beyond loopback one address has half of the sockets at most", () => {
  const few = { maximumSockets: 960, maximumClientsPerAddress: 480 };
  assertEquals(capabilitiesOf(BEYOND, 1_024), { ...BEYOND_LOOPBACK, ...few });
  const one = { maximumSockets: 1, maximumClientsPerAddress: 1 };
  assertEquals(capabilitiesOf(BEYOND, 1_024, { maximumSockets: 1 }), { ...BEYOND_LOOPBACK, ...one });
});

Deno.test("what a configuration says wins, no limit too", () => {
  const given = {
    maximumSockets: 500_000,
    maximumClientsPerAddress: 0,
    maximumConnectionRate: 0,
    maximumSessionExpiryInterval: 0xffff_ffff,
  };
  assertEquals(capabilitiesOf(BEYOND, 1_048_576, given), given);
});

Deno.test("all that is in force is told, by the names of a file", () => {
  const settings = { listeners: BEYOND, options: withLimits({ listeners: BEYOND, options: {} }, 1_024) };
  assertEquals(limitsInForce(settings as unknown as Settings), {
    maximum_sockets: 960,
    maximum_clients_per_address: 480,
    maximum_connection_rate: 500,
    maximum_session_expiry_interval: 2_592_000,
    maximum_topic_levels: 32,
    maximum_single_level_wildcards: 8,
    maximum_wildcard_subscriptions_per_client: 1_000,
    maximum_wildcard_filters: 1_000_000,
  });
});
