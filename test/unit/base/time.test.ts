import t from "tap";
import { chain, isPending } from "../../../src/core/base/maybe-promise.ts";
import { getTime, putTime, TIME_SIZE, timeNow } from "../../../src/core/base/time.ts";

t.test("times before and after 1970 go through 12 bytes", async (t) => {
  const times = [
    { sec: 0, nsec: 0 },
    { sec: -1, nsec: 999_999_999 },
    { sec: -(2 ** 40), nsec: 1 },
    { sec: 2 ** 31, nsec: 123_456_789 },
    { sec: 2 ** 52, nsec: 0 },
  ];
  for (const time of times) {
    const bytes = new Uint8Array(TIME_SIZE + 1);
    putTime(bytes, 1, time);
    t.same(getTime(bytes, 1), time);
  }
});

t.test("timeNow reads the clock it is given", async (t) => {
  const clock = {
    now(out: [sec: number, nsec: number]): void {
      out[0] = 12;
      out[1] = 34;
    },
  };
  t.same(timeNow(clock), { sec: 12, nsec: 34 });
});

t.test("chain answers at once what is there, and later what is promised", async (t) => {
  t.equal(
    chain(2, (value) => value + 1),
    3,
  );
  const promised = chain(Promise.resolve(2), (value) => value + 1);
  t.ok(isPending(promised));
  t.equal(await promised, 3);
  t.throws(() =>
    chain(1, () => {
      throw new Error("at once");
    }),
  );
});
