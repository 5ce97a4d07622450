/**
 * Cleaning a vault in a folder is interrupted again and again, by any of its calls: it fails, its answer is lost, or it is the last one
 * before the process dies. After each, this machine and one that has nothing but the folder find all that was published.
 *
 * `DVAULT_INTERRUPTIONS=1000` interrupts so often, one session after the other on the same vault.
 */
import t from "tap";
import { seededRandom } from "../support/seeded-random.ts";
import { CleanedFolder } from "./rig/cleaned-folder.ts";
import type { Blow } from "./rig/faults.ts";
import { spoilSqlite } from "./rig/faulty-sqlite.ts";
import type { Operation } from "./rig/operations.ts";
import { INTERRUPTIONS, SEED } from "./rig/scale.ts";
import { tally } from "./rig/strikes.ts";
import { CONTENT } from "./rig/workload.ts";

const BLOWS: readonly Blow[] = ["error", "short", "death"];
const FILES = 8;
/** Sessions from one that knows nothing but the folder to the next. */
const ELSEWHERE_EVERY = 7;

t.test("cleaning, interrupted again and again on one vault", async (t) => {
  const random = seededRandom(SEED);
  const below = (limit: number): number => Math.floor(random() * limit);
  /** Some files are written anew, so that objects of before are dead in part. */
  const someWork = (): readonly Operation[] =>
    Array.from({ length: 2 }, (): readonly Operation[] => {
      const path = `file ${below(FILES)}`;
      const length = 1 + below(150_000);
      return [
        { do: "create", path },
        { do: "write", path, offset: 0, length, seed: below(2 ** 31) },
      ];
    }).flat();
  const folder = new CleanedFolder(t.testdir());
  const { faults } = folder;
  const mend = spoilSqlite(faults);
  t.teardown(mend);
  await folder.create([...CONTENT, ...someWork()]);
  t.ok(await folder.session({ work: someWork() }), "a cleaning that nothing interrupts");
  const calls = [...faults.calls];
  const kinds = [...new Set(calls)];
  /** A call of any kind, however few there are of it. */
  const someCall = (): number => {
    const kind = kinds[below(kinds.length)];
    const numbers = calls.flatMap((other, i) => (other === kind ? [i + 1] : []));
    return numbers[below(numbers.length)] as number;
  };
  let done = 0;
  for (let n = 1; n <= INTERRUPTIONS; n++) {
    const blow = BLOWS[below(BLOWS.length)] as Blow;
    const strike = { number: someCall(), blow };
    const isElsewhere = n % ELSEWHERE_EVERY === 0;
    try {
      if (await folder.session({ work: someWork(), strike, isElsewhere })) done += 1;
    } catch (error) {
      throw new Error(`interruption ${n}: ${blow} at ${strike.number}`, { cause: error });
    }
    if (n % 100 === 0) t.comment(`${n} interruptions`);
  }
  t.comment(`${INTERRUPTIONS} interruptions, ${done} cleanings came to their end`);
  t.comment(tally(faults.calls));
  t.ok(await folder.session({ work: [] }), "and one at the end");
  const left = await folder.leftOver();
  t.match(left, { orphans: 0, records: 0, unreadable: [] });
  t.ok(left.rewritten <= 1, "nothing but what closing the vault has published");
});
