import { assertEquals } from "@std/assert";
import { readReport } from "../../tools/junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="7" failures="3" errors="0" time="0.013">
    <testsuite name="./a_test.ts" tests="7" disabled="2" errors="0" failures="3">
        <testcase name="with &lt;steps&gt; &amp; &quot;more&quot;" classname="./a_test.ts" time="0.004" line="1" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="passes" classname="./a_test.ts" time="0.001" line="2" col="6">
        </testcase>
        <testcase name="a &gt; b" classname="./a_test.ts" time="0.001" line="2" col="6">
        </testcase>
        <testcase name="is skipped" classname="./a_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
        <testcase name="with &lt;steps&gt; &amp; &quot;more&quot; &gt; one" classname="./a_test.ts" time="0.000" line="1" col="5">
        </testcase>
        <testcase name="with &lt;steps&gt; &amp; &quot;more&quot; &gt; one &gt; deep" classname="./a_test.ts" time="0.0">
            <failure message="Uncaught">Error: &lt;skipped/&gt;</failure>
        </testcase>
    </testsuite>
    <testsuite name="./b_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="passes &gt; and is no step" classname="./b_test.ts" time="0.001" line="2" col="6"/>
    </testsuite>
</testsuites>`;

Deno.test("a report is counted by tests, not by steps", () => {
  assertEquals(readReport(REPORT), {
    passed: 3,
    failed: ['with <steps> & "more"'],
    skipped: ["is skipped"],
  });
});

Deno.test("an empty report has no tests", () => {
  assertEquals(readReport("<testsuites></testsuites>"), { passed: 0, failed: [], skipped: [] });
});
