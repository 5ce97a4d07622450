import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import t from "tap";
import { newChannel } from "../../support/new-channel.ts";

/** Limits that were set on a file which stands for the device: one number each. */
function limitsIn(path: string): readonly number[] {
  const bytes = readFileSync(path);
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(4 * i));
}

/** A channel that limits a latency, and is asked again as soon as it has answered, for as long as `goOn` says so. */
function busyChannel(path: string, goOn: () => boolean): { begin(): void; end(): void } {
  const { channel, kernel } = newChannel();
  const again = (): void => {
    if (goOn()) writeSync(kernel, "request");
  };
  const answer = (): void => {
    channel.send(1);
    again();
  };
  channel.start(answer, () => {});
  channel.limitLatency(openSync(path, "w"), 7);
  const end = (): void => {
    channel.close();
    closeSync(kernel);
  };
  return { begin: again, end };
}

t.test("processors are kept awake while requests come close together", async (t) => {
  const path = join(t.testdir(), "latency");
  let few = 8;
  const { begin, end } = busyChannel(path, () => (few > 0 ? few-- > 0 : isBusy()));
  let isAwaited = false;
  const isBusy = (): boolean => isAwaited && limitsIn(path).length % 2 === 0;
  begin();
  while (few > 0) await nextTurn();
  t.same(limitsIn(path), [], "not for a few");
  isAwaited = true;
  for (const limits of [
    [7, -1],
    [7, -1, 7, -1],
  ]) {
    begin();
    while (limitsIn(path).length < limits.length) await nextTurn();
    t.same(limitsIn(path), limits, "and let sleep when none come");
  }
  end();
});

t.test("a channel that ends lets processors sleep", async (t) => {
  const path = join(t.testdir(), "latency");
  const { begin, end } = busyChannel(path, () => limitsIn(path).length === 0);
  begin();
  while (limitsIn(path).length === 0) await nextTurn();
  end();
  t.same(limitsIn(path), [7, -1]);
});

t.test("a latency is limited once, while the channel serves", async (t) => {
  const { channel, kernel } = newChannel();
  const path = join(t.testdir(), "latency");
  const fd = openSync(path, "w");
  t.throws(() => channel.limitLatency(fd, 0), { message: /while the channel serves/ });
  channel.start(
    () => {},
    () => {},
  );
  t.throws(() => channel.limitLatency(fd, -1));
  t.throws(() => channel.limitLatency("x" as unknown as number, 0));
  channel.limitLatency(fd, 0);
  t.throws(() => channel.limitLatency(fd, 0), { message: /once/ });
  t.equal(channel.counters().latencyLimits, 0);
  channel.close();
  t.throws(() => channel.limitLatency(fd, 0));
  closeSync(kernel);
  t.same(limitsIn(path), []);
});
