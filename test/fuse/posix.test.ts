/**
 * What Linux says of file systems, call by call: the same calls on a mount and in a plain directory of this machine, which
 * shows that the expectations are true.
 */
import { spawnSync } from "node:child_process";
import t from "tap";
import { allCases, callsOf, partsOf } from "../support/posix-cases/all-cases.ts";
import { madeBefore, readOnlySteps } from "../support/posix-cases/read-only.ts";
import { cannotCompare, posixPlace } from "../support/posix-place.ts";
import { PosixTool } from "../support/posix-tool.ts";

const skip = cannotCompare();
if (skip) t.plan(0, skip);

/** Calls that {@link callsOf} puts before the steps of a case. */
const BEFORE = 3;

const { program, plain, mountpoint, remount } = await posixPlace(t);

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
    const wrong = new Map<string, object[]>(cases.map(({ call }) => [call, []]));
    let at = 0;
    for (const one of cases) {
      at += BEFORE;
      for (const [i, step] of one.steps.entries()) {
        const linux = right[at + i];
        const here = found[at + i];
        const { call, answer = linux } = partsOf(step);
        if (linux !== answer || here !== answer) {
          wrong.get(one.call)?.push({ name: one.name, call, answer, linux, here });
        }
      }
      at += one.steps.length + 1;
    }
    for (const [call, differences] of wrong) {
      const count = cases.filter((one) => one.call === call).length;
      t.same(differences, [], `${call}: ${count} cases`);
    }
  });
}

t.test("a read-only mount refuses every change", async (t) => {
  const directory = `${mountpoint}/read-only`;
  const perform = async (calls: readonly string[]): Promise<readonly string[]> => {
    const tool = new PosixTool(program, mountpoint);
    const answers = await tool.run([`chdir ${directory}`, ...calls]);
    await tool.end();
    return answers.slice(1);
  };
  spawnSync("mkdir", [directory]);
  t.same([...new Set(await perform(madeBefore))], ["0"]);
  remount("--read-only");
  const steps = readOnlySteps.map(partsOf);
  const answers = await perform(steps.map(({ call }) => call));
  const wrong = steps.flatMap((step, i) =>
    answers[i] === step.answer ? [] : [{ ...step, here: answers[i] }],
  );
  t.same(wrong, [], `${steps.length} calls`);
});
