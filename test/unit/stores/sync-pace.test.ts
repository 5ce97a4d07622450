import t from "tap";
import { SyncPace } from "../../../src/stores/file/sync-pace.ts";

const QUICK_MS = 0.01;
const SLOW_MS = 5;

/** A file that was found to be slow. */
function slowFile(): SyncPace {
  const pace = new SyncPace();
  while (pace.isQuick) pace.madeInline(SLOW_MS);
  return pace;
}

t.test("a sync that was slow once among quick ones changes nothing", (t) => {
  const pace = new SyncPace();
  for (let i = 0; i < 20; i++) {
    pace.madeInline(SLOW_MS);
    pace.madeInline(SLOW_MS);
    t.equal(pace.isQuick, true);
    pace.madeInline(QUICK_MS);
  }
  t.end();
});

t.test("syncs that are always slow leave the main thread, which tries one now and then", (t) => {
  const pace = slowFile();
  let inline = 0;
  for (let i = 0; i < 1000; i++) {
    if (pace.isQuick) {
      pace.madeInline(SLOW_MS);
      inline += 1;
    } else {
      pace.madePooled(SLOW_MS);
    }
  }
  t.ok(inline > 0 && inline <= 10, `${inline} of 1000`);
  t.end();
});

t.test("a quick sync, pooled or not, brings them back", (t) => {
  const pooled = slowFile();
  pooled.madePooled(QUICK_MS);
  t.equal(pooled.isQuick, true);
  const tried = slowFile();
  while (!tried.isQuick) tried.madePooled(SLOW_MS);
  tried.madeInline(QUICK_MS);
  tried.madeInline(SLOW_MS);
  t.equal(tried.isQuick, true);
  t.end();
});
