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

t.test("ranges that lie near take in what is between", (t) => {
  const ranges = new ByteRanges(4);
  ranges.add(20, 30);
  ranges.add(35, 40);
  ranges.add(10, 15);
  t.same(
    [...ranges.all()],
    [
      [10, 15],
      [20, 30],
      [35, 40],
    ],
  );
  ranges.add(18, 19);
  t.same(
    [...ranges.all()],
    [
      [10, 30],
      [35, 40],
    ],
  );
  ranges.add(44, 45);
  t.equal(ranges.count, 2);
  t.equal(ranges.start, 10);
  t.equal(ranges.end, 45);
  ranges.add(33, 34);
  t.same([...ranges.all()], [[10, 45]]);
  t.end();
});

/** Takes in what lies between bytes of a set, where it is no longer than `gap`. */
function closed(bytes: readonly boolean[], gap: number): boolean[] {
  const result = [...bytes];
  let last = -1;
  for (const [i, isIn] of bytes.entries()) {
    if (!isIn) continue;
    if (last >= 0 && i - last - 1 <= gap) result.fill(true, last, i);
    last = i;
  }
  return result;
}

/** The ranges of a set of bytes. */
function runs(bytes: readonly boolean[]): number[][] {
  const begins = [...bytes.keys()].filter((i) => bytes[i] && !bytes[i - 1]);
  const ends = [...bytes.keys(), bytes.length].filter((i) => !bytes[i] && bytes[i - 1]);
  return begins.map((from, i) => [from, ends[i] as number]);
}

t.test("any ranges are what a set of bytes is", (t) => {
  const random = seededRandom(1);
  const number = (below: number): number => Math.floor(random() * below);
  for (let run = 0; run < 200; run++) {
    const gap = run % 4;
    const ranges = new ByteRanges(gap);
    let bytes = new Array<boolean>(SIZE).fill(false);
    for (let n = number(12); n >= 0; n--) {
      const from = number(SIZE);
      const end = from + number(Math.min(9, SIZE - from + 1));
      ranges.add(from, end);
      bytes = closed(bytes.fill(true, from, end), gap);
      const asked = number(SIZE);
      const until = asked + number(SIZE - asked + 1);
      if (ranges.has(asked, until) !== bytes.slice(asked, until).every(Boolean)) t.fail("has");
    }
    const expected = runs(bytes);
    const { start, end, count } = ranges;
    const found = { all: [...ranges.all()], start, end, count };
    const bounds = { start: expected[0]?.[0] ?? 0, end: expected.at(-1)?.[1] ?? 0 };
    t.same(found, { all: expected, ...bounds, count: expected.length });
  }
  t.end();
});
