/**
 * What Linux says of file systems, call by call: the same calls on a mount and in a plain directory of this machine, which
 * shows that the expectations are true.
 */
import { spawnSync } from "node:child_process";
import t from "tap";
import { allCases, callsOf, partsOf } from "../support/posix-cases/all-cases.ts";
import { cannotCompare, posixPlace } from "../support/posix-place.ts";
import { PosixTool } from "../support/posix-tool.ts";

const skip = cannotCompare();
if (skip) t.plan(0, skip);

/** Calls that {@link callsOf} puts before the steps of a case. */
const BEFORE = 3;

const { program, plain, mountpoint } = await posixPlace(t);

/** What all calls answer below a directory. */
async function perform(directory: string, calls: readonly string[]): Promise<readonly string[]> {
  const tool = new PosixTool(program, directory);
  const answers = await tool.run(calls);
  await tool.end();
  spawnSync("rm", ["-rf", directory]);
  return answers;
}

for (const [subject, cases] of Object.entries(allCases)) {
  t.test(`as Linux has it: ${subject}`, async (t) => {
    const name = subject.replaceAll(" ", "-");
    const [right = [], found = []] = await Promise.all(
      [plain, mountpoint].map((side) => {
        const base = `${side}/${name}`;
        spawnSync("mkdir", [base]);
        return perform(
          base,
          cases.flatMap((one, i) => callsOf(base, i, one)),
        );
      }),
    );
    let at = 0;
    for (const one of cases) {
      at += BEFORE;
      const wrong = one.steps.flatMap((step, i) => {
        const { call, answer = right[at + i] } = partsOf(step);
        const isRight = right[at + i] === answer && found[at + i] === answer;
        return isRight ? [] : [{ call, answer, linux: right[at + i], dvault: found[at + i] }];
      });
      t.same(wrong, [], `${one.call}: ${one.name}`);
      at += one.steps.length + 1;
    }
  });
}
