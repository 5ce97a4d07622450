import t from "tap";
import { ByteRanges } from "../../../src/core/base/byte-ranges.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const SIZE = 40;

t.test("ranges are joined where they meet", (t) => {
  const ranges = new ByteRanges();
  t.equal(ranges.end, 0);
  t.ok(ranges.has(7, 7), "nothing is in any set");
  for (const [from, end] of [
    [10, 20],
    [30, 40],
    [5, 5],
  ] as const) {
    ranges.add(from, end);
  }
  t.same(
    [...ranges.all()],
    [
      [10, 20],
      [30, 40],
    ],
  );
  ranges.add(20, 25);
  ranges.add(0, 3);
  t.same(
    [...ranges.all()],
    [
      [0, 3],
      [10, 25],
      [30, 40],
    ],
  );
  ranges.add(2, 35);
  t.same([...ranges.all()], [[0, 40]]);
  t.equal(ranges.count, 1);
  t.end();
});

t.test("any ranges are what a set of bytes is", (t) => {
  const random = seededRandom(1);
  const number = (below: number): number => Math.floor(random() * below);
  for (let run = 0; run < 200; run++) {
    const ranges = new ByteRanges();
    const bytes = new Array<boolean>(SIZE).fill(false);
    for (let n = number(12); n >= 0; n--) {
      const from = number(SIZE);
      const end = from + number(Math.min(9, SIZE - from + 1));
      ranges.add(from, end);
      bytes.fill(true, from, end);
      const asked = number(SIZE);
      const until = asked + number(SIZE - asked + 1);
      if (ranges.has(asked, until) !== bytes.slice(asked, until).every(Boolean)) t.fail("has");
    }
    const found = new Array<boolean>(SIZE).fill(false);
    for (const [from, end] of ranges.all()) found.fill(true, from, end);
    if (found.join() !== bytes.join()) t.fail(`${[...ranges.all()].join(" ")}`);
    if (ranges.end !== bytes.lastIndexOf(true) + 1) t.fail("end");
  }
  t.end();
});
