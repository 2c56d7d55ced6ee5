/**
 * The interoperability tests of Eclipse Paho (paho.mqtt.testing), run as they are against the program with
 * `examples/paho/config.yaml`. They are not ours and not here: `MOCHI_PAHO_TESTING` names their folder `interoperability`.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { Child } from "../helpers/child.ts";
import { CONFIGURATION } from "./paho_suite.ts";

/** Names the folder with `client_test.py` and `client_test5.py`. */
const VARIABLE = "MOCHI_PAHO_TESTING";

const folder = Deno.env.get(VARIABLE) ?? "";

/** Runs a module of theirs against another port than theirs; what it would set as a program is set here. */
const RUN = `
import importlib, logging, sys, unittest
folder, name, port = sys.argv[1:]
sys.path.insert(0, folder)
suite = importlib.import_module(name)
logging.getLogger().setLevel(logging.ERROR)
suite.host, suite.port, suite.topic_prefix = "127.0.0.1", int(port), name + "/"
suite.topics = ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")
suite.wildtopics = ("TopicA/+", "+/C", "#", "/#", "/+", "+/+", "TopicA/#")
suite.nosubscribe_topics = ("test/nosubscribe",)
unittest.main(module=suite, argv=[name], verbosity=2)
`;

async function run(name: string): Promise<void> {
  await using program = await Child.deno("mod.ts", ["--config", CONFIGURATION, "--tcp", "127.0.0.1:0"]);
  const [, port] = await program.line(/protocol=tcp address=[\d.]+:(\d+)/);
  await using suite = new Child("python3", ["-B", "-c", RUN, folder, name, port]);
  const { code, err } = await suite.end();
  assertEquals(code, 0, err);
  assertMatch(err, /^Ran [1-9]\d* tests/m);
  await program.stop();
}

for (const [name, version] of [["client_test", "3.1.1"], ["client_test5", "5"]]) {
  const what = `Paho's interoperability tests of MQTT ${version}`;
  if (folder !== "") Deno.test(what, () => run(name));
  else Deno.test({ name: `${what} (${VARIABLE} names no folder)`, ignore: true, fn: () => {} });
}
