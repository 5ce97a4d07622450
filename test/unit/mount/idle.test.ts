import t from "tap";
import { watchIdle } from "../../../src/mount/idle.ts";

/** A timer that goes off when told to. */
class HandTimer {
  delays: number[] = [];
  #body: (() => void) | undefined;

  readonly start = (delayMs: number, body: () => void): (() => void) => {
    this.delays.push(delayMs);
    this.#body = body;
    return () => {
      this.#body = undefined;
    };
  };

  get isArmed(): boolean {
    return this.#body !== undefined;
  }

  goOff(times: number): void {
    for (let i = 0; i < times; i++) {
      const body = this.#body;
      this.#body = undefined;
      body?.();
    }
  }
}

t.test("a mount that nobody used for the whole span is unmounted", async (t) => {
  const timer = new HandTimer();
  let uses = 5;
  let ends = 0;
  const unmount = async (): Promise<void> => {
    ends += 1;
  };
  watchIdle({ mount: { uses: () => uses }, idleMs: 4000, unmount, timer: timer.start });
  timer.goOff(3);
  t.equal(ends, 0);
  uses += 1;
  timer.goOff(4);
  t.equal(ends, 0, "a use begins the span anew");
  timer.goOff(1);
  t.equal(ends, 1);
  t.notOk(timer.isArmed, "and nothing runs any more");
  t.ok(timer.delays.every((delay) => delay === 1000));
});

t.test("while files are open it is tried again after another span", async (t) => {
  const timer = new HandTimer();
  let tries = 0;
  const unmount = async (): Promise<void> => {
    tries += 1;
    if (tries === 1) throw new Error("busy");
  };
  const stop = watchIdle({ mount: { uses: () => 0 }, idleMs: 4, unmount, timer: timer.start });
  timer.goOff(4);
  await new Promise(setImmediate);
  t.equal(tries, 1);
  timer.goOff(3);
  t.equal(tries, 1);
  timer.goOff(1);
  t.equal(tries, 2);
  stop();
});

t.test("a watch that was stopped does nothing", async (t) => {
  const timer = new HandTimer();
  const unmount = async (): Promise<void> => {
    t.fail("unmounted");
  };
  watchIdle({ mount: { uses: () => 0 }, idleMs: 4, unmount, timer: timer.start })();
  timer.goOff(10);
  t.notOk(timer.isArmed);
});
