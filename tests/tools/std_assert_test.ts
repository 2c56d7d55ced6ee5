/** What tests rely on of `@std/assert`: holds for the package and for the stand-in of `tools/std/`.
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unreachable,
} from "@std/assert";

/** Each pair is equal to itself, and no two values of different rows are equal. */
const VALUES: [unknown, unknown][] = [
  [1, 1],
  [1n, 1n],
  ["1", "1"],
  [NaN, NaN],
  [null, null],
  [undefined, undefined],
  [{}, Object.create(null)],
  [{ a: undefined }, { a: undefined }],
  [{ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 }],
  [[1, [2, 3]], [1, [2, 3]]],
  [[1, [2, 4]], [1, [2, 4]]],
  [new Uint8Array([1, 2]), Uint8Array.of(1, 2)],
  [new Uint8Array([1, 3]), Uint8Array.of(0, 1, 3).subarray(1)],
  [new Uint16Array([1, 2]), Uint16Array.of(1, 2)],
  [new Map([["a", new Uint8Array([1])]]), new Map([["a", new Uint8Array([1])]])],
  [new Map([["a", new Uint8Array([2])]]), new Map([["a", new Uint8Array([2])]])],
  [new Map([["a", 1], ["b", 2]]), new Map([["b", 2], ["a", 1]])],
  [new Set([1, 2]), new Set([2, 1])],
  [new Set([1, 3]), new Set([1, 3])],
  [new Set([{ a: 1 }]), new Set([{ a: 1 }])],
  [new Date(1), new Date(1)],
  [new Date(2), new Date(2)],
  [/a/g, /a/g],
  [/a/i, /a/i],
];

Deno.test("assertEquals compares structures", () => {
  VALUES.forEach(([left], row) =>
    VALUES.forEach(([, right], column) => {
      if (row === column) assertEquals(left, right);
      else assertThrows(() => assertEquals(left, right), AssertionError, "not equal", `row ${row}, column ${column}`);
    })
  );
});

Deno.test("assertNotEquals is its opposite", () => {
  VALUES.forEach(([left], row) =>
    VALUES.forEach(([, right], column) => {
      if (row !== column) assertNotEquals(left, right);
      else assertThrows(() => assertNotEquals(left, right), AssertionError);
    })
  );
});

Deno.test("a failed assertEquals shows both values and the message", () => {
  const error = assertThrows(() => assertEquals({ topic: "seen" }, { topic: "wanted" }, "why"), AssertionError);
  for (const part of ["seen", "wanted", "why"]) assertStringIncludes(error.message, part);
});

const PASSING: Record<string, () => unknown> = {
  assert: () => assert("x"),
  assertFalse: () => assertFalse(""),
  assertExists: () => assertExists(0),
  assertStrictEquals: () => assertStrictEquals(NaN, NaN),
  assertInstanceOf: () => assertInstanceOf(new RangeError(), Error),
  assertStringIncludes: () => assertStringIncludes("abc", "b"),
  assertMatch: () => assertMatch("abc", /b/),
  assertNotMatch: () => assertNotMatch("abc", /x/),
  assertArrayIncludes: () => assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]),
  assertGreater: () => assertGreater(2, 1),
  assertGreaterOrEqual: () => assertGreaterOrEqual(2, 2),
  assertLess: () => assertLess(1n, 2n),
  assertLessOrEqual: () => assertLessOrEqual(2, 2),
  assertAlmostEquals: () => assertAlmostEquals(0.1 + 0.2, 0.3),
  "assertAlmostEquals with a tolerance": () => assertAlmostEquals(10, 11, 1),
  assertObjectMatch: () =>
    assertObjectMatch({ a: { b: 1, c: 2 }, list: [{ d: 1, e: 2 }], bytes: new Uint8Array([1]) }, {
      a: { b: 1 },
      list: [{ d: 1 }],
      bytes: new Uint8Array([1]),
    }),
  assertThrows: () => assertThrows(() => fail("x")),
};

const FAILING: Record<string, () => unknown> = {
  assert: () => assert(0),
  assertFalse: () => assertFalse("x"),
  assertExists: () => assertExists(null),
  "assertExists, undefined": () => assertExists(undefined),
  assertStrictEquals: () => assertStrictEquals<unknown>({}, {}),
  assertInstanceOf: () => assertInstanceOf(new Error(), RangeError),
  assertStringIncludes: () => assertStringIncludes("abc", "x"),
  assertMatch: () => assertMatch("abc", /x/),
  assertNotMatch: () => assertNotMatch("abc", /b/),
  assertArrayIncludes: () => assertArrayIncludes([{ a: 1 }], [{ a: 1 }, { a: 2 }]),
  assertGreater: () => assertGreater(2, 2),
  assertGreaterOrEqual: () => assertGreaterOrEqual(1, 2),
  assertLess: () => assertLess(2, 2),
  assertLessOrEqual: () => assertLessOrEqual(3, 2),
  assertAlmostEquals: () => assertAlmostEquals(1, 1.1),
  "assertAlmostEquals, not a number": () => assertAlmostEquals(NaN, 1),
  "assertObjectMatch, other value": () => assertObjectMatch({ a: { b: 1 } }, { a: { b: 2 } }),
  "assertObjectMatch, missing key": () => assertObjectMatch({ a: {} }, { a: { b: 1 } }),
  "assertObjectMatch, other bytes": () => assertObjectMatch({ a: new Uint8Array([1]) }, { a: new Uint8Array([2]) }),
  "assertObjectMatch, shorter list": () => assertObjectMatch({ a: [1] }, { a: [1, 2] }),
  "assertThrows, nothing thrown": () => assertThrows(() => {}),
  "assertThrows, other class": () => assertThrows(() => fail(), RangeError),
  "assertThrows, other message": () => assertThrows(() => fail("x"), AssertionError, "y"),
  "assertThrows, not an error": () => assertThrows(() => raise("text"), Error),
  fail: () => fail(),
  unreachable: () => unreachable(),
};

function raise(value: unknown): never {
  throw value;
}

/** Does not use the assertions that it is about. */
function failsWithAssertionError(fn: () => unknown): boolean {
  try {
    fn();
    return false;
  } catch (error) {
    return error instanceof AssertionError;
  }
}

Deno.test("assertions that hold", async (t) => {
  for (const [name, fn] of Object.entries(PASSING)) await t.step(name, () => void fn());
});

Deno.test("assertions that do not hold", async (t) => {
  for (const [name, fn] of Object.entries(FAILING)) {
    await t.step(name, () => {
      if (!failsWithAssertionError(fn)) throw new Error("no AssertionError");
    });
  }
});

Deno.test("assertThrows returns the error", () => {
  const error = new RangeError("too far");
  assertStrictEquals(assertThrows(() => raise(error), RangeError, "far"), error);
});

Deno.test("assertRejects returns the error", async () => {
  const error = new RangeError("too far");
  assertStrictEquals(await assertRejects(() => Promise.reject(error), Error, "far"), error);
});

Deno.test("assertRejects fails where nothing is rejected", async () => {
  await assertRejects(() => assertRejects(() => Promise.resolve()), AssertionError, "reject");
  await assertRejects(() => assertRejects(() => raise(new Error())), AssertionError, "throws");
  await assertRejects(() => assertRejects(() => Promise.reject(new Error("x")), RangeError), AssertionError);
  await assertRejects(() => assertRejects(() => Promise.reject(new Error("x")), Error, "y"), AssertionError);
});
