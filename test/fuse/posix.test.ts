/**
 * What Linux says of file systems, call by call: the same calls on mounts and in a plain directory of this machine, which
 * shows that the expectations are true. A mount that is root's alone is asked what root does.
 */
import { spawnSync } from "node:child_process";
import t from "tap";
import { allCases, callsOf, partsOf } from "../support/posix-cases/all-cases.ts";
import { isRootsAlone, type PosixCase } from "../support/posix-cases/posix-case.ts";
import { madeBefore, readOnlySteps } from "../support/posix-cases/read-only.ts";
import { cannotCompare, posixPlace } from "../support/posix-place.ts";
import { PosixTool } from "../support/posix-tool.ts";

const skip = cannotCompare();
if (skip) t.plan(0, skip);

/** Calls that {@link callsOf} puts before the steps of a case. */
const BEFORE = 3;

type Answers = ReadonlyMap<PosixCase, readonly string[]>;

const { program, plain, shared, alone } = await posixPlace(t);

/** What each case's steps answer in a new directory. */
async function perform(base: string, cases: readonly PosixCase[]): Promise<Answers> {
  spawnSync("mkdir", [base]);
  const tool = new PosixTool(program, base);
  const lists = cases.map((one, i) => callsOf(base, i, one));
  const answers = await tool.run(lists.flat());
  await tool.end();
  spawnSync("rm", ["-rf", base]);
  let at = 0;
  return new Map(
    cases.map((one, i) => {
      const start = at + BEFORE;
      at += lists[i]?.length ?? 0;
      return [one, answers.slice(start, start + one.steps.length)];
    }),
  );
}

/** Steps of a case with an answer that is not the plain directory's, or not the one they must give. */
function differences(one: PosixCase, right: Answers, found: Answers): readonly object[] {
  return one.steps.flatMap((step, i) => {
    const linux = right.get(one)?.[i];
    const here = found.get(one)?.[i];
    const { call, answer = linux } = partsOf(step);
    return linux === answer && here === answer
      ? []
      : [{ name: one.name, call, answer, linux, here }];
  });
}

for (const [subject, cases] of Object.entries(allCases)) {
  t.test(`as Linux has it: ${subject}`, async (t) => {
    const name = subject.replaceAll(" ", "-");
    const ofRoot = cases.filter(isRootsAlone);
    const [right, everybody, root] = await Promise.all([
      perform(`${plain}/${name}`, cases),
      perform(`${shared.mountpoint}/${name}`, cases),
      perform(`${alone.mountpoint}/${name}`, ofRoot),
    ]);
    for (const [whose, asked, found] of [
      ["for everybody", cases, everybody],
      ["for root alone", ofRoot, root],
    ] as const) {
      for (const call of new Set(asked.map((one) => one.call))) {
        const about = asked.filter((one) => one.call === call);
        const wrong = about.flatMap((one) => differences(one, right, found));
        t.same(wrong, [], `${call}: ${about.length} cases, ${whose}`);
      }
    }
  });
}

t.test("a read-only mount refuses every change", async (t) => {
  const directory = `${shared.mountpoint}/read-only`;
  const perform = async (calls: readonly string[]): Promise<readonly string[]> => {
    const tool = new PosixTool(program, shared.mountpoint);
    const answers = await tool.run([`chdir ${directory}`, ...calls]);
    await tool.end();
    return answers.slice(1);
  };
  spawnSync("mkdir", [directory]);
  t.same([...new Set(await perform(madeBefore))], ["0"]);
  shared.remount("--read-only");
  const steps = readOnlySteps.map(partsOf);
  const answers = await perform(steps.map(({ call }) => call));
  const wrong = steps.flatMap((step, i) =>
    answers[i] === step.answer ? [] : [{ ...step, here: answers[i] }],
  );
  t.same(wrong, [], `${steps.length} calls`);
});
