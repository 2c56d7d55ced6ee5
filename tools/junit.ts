/**
 * Reads the JUnit reports of `deno test --junit-path`.
 *
 * @module
 */

/** What a report says. */
export interface Report {
  /** Tests that passed. */
  readonly passed: number;
  /** Names of tests that failed. */
  readonly failed: readonly string[];
  /** Names of tests that were skipped. */
  readonly skipped: readonly string[];
}

interface Case {
  readonly file: string;
  readonly name: string;
  readonly body: string;
}

/**
 * Counts the tests of a report. A step belongs to its test and is not counted.
 *
 * @param xml the text of the report
 * @returns the counts
 */
export function readReport(xml: string): Report {
  const tests = withoutSteps(readCases(xml));
  const isSkipped = (test: Case) => test.body.includes("<skipped");
  const isFailed = (test: Case) => test.body.includes("<failure") || test.body.includes("<error");
  return {
    passed: tests.filter((test) => !isSkipped(test) && !isFailed(test)).length,
    failed: tests.filter(isFailed).map((test) => test.name),
    skipped: tests.filter(isSkipped).map((test) => test.name),
  };
}

function readCases(xml: string): Case[] {
  const pattern = /<testcase name="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  return Array.from(xml.matchAll(pattern), ([, name, file, body = ""]) => ({ name: unescape(name), file, body }));
}

/** Steps stand in the report as cases of their own, named `test > step`. */
function withoutSteps(cases: Case[]): Case[] {
  const names = new Set(cases.map(({ file, name }) => `${file}\n${name}`));
  return cases.filter(({ file, name }) => {
    for (let end = name.indexOf(" > "); end !== -1; end = name.indexOf(" > ", end + 1)) {
      if (names.has(`${file}\n${name.slice(0, end)}`)) return false;
    }
    return true;
  });
}

function unescape(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => entities[name])
    .replace(/&#x([0-9a-fA-F]+);/g, (_, code) => String.fromCodePoint(parseInt(code, 16)));
}
