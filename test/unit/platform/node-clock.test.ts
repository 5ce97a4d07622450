import t from "tap";
import { SystemClock } from "../../../src/platform/node-clock.ts";

/** A machine whose two clocks are set by hand. */
class Machine {
  wallMs = 1_800_000_000_000;
  /** Monotonic, ns since boot; beyond a second so that carries happen. */
  monotonicNs = 5_999_999_990n;
  readonly clock = new SystemClock({
    wall: () => this.wallMs,
    monotonic: () => [
      Number(this.monotonicNs / 1_000_000_000n),
      Number(this.monotonicNs % 1_000_000_000n),
    ],
  });

  /** Time passes on both clocks alike; the wall clock shows whole milliseconds. */
  pass(nanoseconds: bigint): void {
    const before = this.monotonicNs / 1_000_000n;
    this.monotonicNs += nanoseconds;
    this.wallMs += Number(this.monotonicNs / 1_000_000n - before);
  }

  now(): { sec: number; nsec: number } {
    const out: [number, number] = [0, 0];
    this.clock.now(out);
    return { sec: out[0], nsec: out[1] };
  }
}

t.test("the first reading is the wall clock's", async (t) => {
  const machine = new Machine();
  machine.wallMs += 123;
  t.same(machine.now(), { sec: 1_800_000_000, nsec: 123_000_000 });
});

t.test("readings go on by nanoseconds, across seconds", async (t) => {
  const machine = new Machine();
  machine.now();
  machine.pass(1n);
  t.same(machine.now(), { sec: 1_800_000_000, nsec: 1 });
  machine.pass(999_999_998n);
  t.same(machine.now(), { sec: 1_800_000_000, nsec: 999_999_999 });
  machine.pass(1n);
  t.same(machine.now(), { sec: 1_800_000_001, nsec: 0 });
});

t.test("readings follow the wall clock when it is set forward or back", async (t) => {
  const machine = new Machine();
  machine.now();
  for (const stepMs of [3, 3_600_000, -3_600_000, -3]) {
    machine.wallMs += stepMs;
    const { sec, nsec } = machine.now();
    t.equal(sec * 1000 + nsec / 1e6, machine.wallMs, `${stepMs} ms`);
  }
});

t.test("readings of a slowly drifting machine never go backwards", async (t) => {
  const machine = new Machine();
  let last = machine.now();
  for (let i = 0; i < 20_000; i++) {
    machine.pass(997_001n);
    if (i % 40 === 0) machine.wallMs += 1;
    const now = machine.now();
    const isLater = now.sec > last.sec || (now.sec === last.sec && now.nsec > last.nsec);
    if (!isLater) t.fail(`${now.sec}.${now.nsec} after ${last.sec}.${last.nsec}`);
    const behindMs = machine.wallMs - (now.sec * 1000 + now.nsec / 1e6);
    if (Math.abs(behindMs) > 4) t.fail(`${behindMs} ms off`);
    last = now;
  }
});

t.test("times before 1970 have nanoseconds from 0 up", async (t) => {
  const machine = new Machine();
  machine.wallMs = -1500;
  t.same(machine.now(), { sec: -2, nsec: 500_000_000 });
});

t.test("the clock of this machine agrees with Date.now", async (t) => {
  const out: [number, number] = [0, 0];
  const clock = new SystemClock();
  for (let i = 0; i < 1000; i++) {
    const before = Date.now();
    clock.now(out);
    const after = Date.now();
    const ms = out[0] * 1000 + out[1] / 1e6;
    if (ms < before - 5 || ms > after + 5) t.fail(`${ms} is not between ${before} and ${after}`);
  }
});
