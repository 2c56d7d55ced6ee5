/**
 * The one table of test suites: what `tools/test.ts` runs and with which permissions.
 *
 * A suite is the folder `tests/<name>/` with files `*_test.ts`. To add one, add a row here and a task `test:<name>` in
 * `deno.json`; a test compares the two.
 *
 * @module
 */

/** One row of the table. */
export interface Suite {
  /** Name of the suite and of its folder in `tests/`. */
  readonly name: string;
  /**
   * Flags for `deno test`, as narrow as they can be. `{temporary}` stands for an empty folder that belongs to the suite
   * (also `TMPDIR`, where `Deno.makeTempDir` puts things), `{deno}` for the path of Deno itself.
   */
  readonly permissions: readonly string[];
  /** Whether nothing else may run at the same time: for tests that measure time. */
  readonly alone?: true;
  /** After how many seconds the suite is stopped and counted as failed; 300 by default. */
  readonly limitSeconds?: number;
}

const LOOPBACK = "127.0.0.1,localhost,[::1]";
const OWN_FOLDER = ["--allow-read={temporary}", "--allow-write={temporary}", "--allow-env=TMPDIR"];
const READ_CHECKOUT = "--allow-read=.,{temporary}";
// Deno grants Unix sockets path by path: tests use these names in their folder
const OWN_SOCKETS = "unix:{temporary}/broker.sock,unix:{temporary}/other.sock";
const CLIENT_PROGRAMS = "mosquitto_pub,mosquitto_sub,python3,chromium";

/** All suites, in the order of the rooms. */
export const SUITES: readonly Suite[] = [
  { name: "packets", permissions: [] },
  { name: "topics", permissions: [] },
  { name: "time", permissions: [] },
  { name: "session", permissions: [] },
  { name: "hook", permissions: [] },
  { name: "broker", permissions: [`--allow-net=${LOOPBACK}`] },
  { name: "conformance", permissions: [`--allow-net=${LOOPBACK}`] },
  {
    name: "security",
    permissions: [
      `--allow-net=${LOOPBACK}`,
      READ_CHECKOUT,
      "--allow-write={temporary}",
      "--allow-env",
      // sh starts programs with limits of their own and looks into /proc, Python resets connections
      "--allow-run={deno},sh,python3",
    ],
    alone: true,
  },
  {
    name: "listeners",
    permissions: [
      `--allow-net=${LOOPBACK},${OWN_SOCKETS}`,
      "--allow-read=tests,{temporary}",
      "--allow-write={temporary}",
      "--allow-env=TMPDIR",
    ],
  },
  { name: "hooks", permissions: [`--allow-net=${LOOPBACK}`, "--allow-read=tests,{temporary}", ...OWN_FOLDER.slice(1)] },
  {
    name: "storage",
    permissions: [
      `--allow-net=${LOOPBACK}`,
      ...OWN_FOLDER.slice(0, 2),
      "--allow-env",
      "--allow-run=redis-server,{deno}",
    ],
  },
  {
    name: "cli",
    permissions: [
      `--allow-net=${LOOPBACK}`,
      READ_CHECKOUT,
      "--allow-write={temporary}",
      "--allow-env",
      "--allow-run={deno}",
    ],
  },
  {
    name: "e2e",
    permissions: [
      `--allow-net=${LOOPBACK},${OWN_SOCKETS}`,
      READ_CHECKOUT,
      "--allow-write={temporary}",
      "--allow-env",
      "--allow-sys",
      `--allow-run={deno},sh,mosquitto,${CLIENT_PROGRAMS}`,
    ],
    alone: true,
    limitSeconds: 600, // Paho's interoperability tests take more than three minutes
  },
  {
    name: "examples",
    permissions: [
      `--allow-net=${LOOPBACK},${OWN_SOCKETS}`,
      READ_CHECKOUT,
      "--allow-write={temporary}",
      "--allow-env",
      "--allow-sys",
      `--allow-run={deno},redis-server,${CLIENT_PROGRAMS}`,
    ],
  },
  {
    name: "tools",
    permissions: [
      `--allow-net=${LOOPBACK}`,
      READ_CHECKOUT,
      "--allow-write={temporary}",
      "--allow-env",
      "--allow-run={deno}",
    ],
  },
];

/**
 * Fills the places in a suite's permissions.
 *
 * @param suite the suite
 * @param places the suite's own folder and the path of Deno
 * @returns flags for `deno test`
 */
export function permissionFlags(suite: Suite, places: { temporary: string; deno: string }): string[] {
  return suite.permissions.map((flag) =>
    flag.replaceAll("{temporary}", places.temporary).replaceAll("{deno}", places.deno)
  );
}
