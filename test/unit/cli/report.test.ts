import t from "tap";
import { ExitCode, exitCodeOf } from "../../../src/cli/exit-code.ts";
import { progressOn, silentProgress } from "../../../src/cli/output/progress.ts";
import { describeError, reportError } from "../../../src/cli/report-error.ts";
import {
  FormatError,
  FsError,
  KeyError,
  PageError,
  StoreError,
  UsageError,
} from "../../../src/core/base/errors.ts";
import { SystemError } from "../../../src/native/system-error.ts";
import { testContext } from "../../support/cli-context.ts";

t.test("exit codes tell the documented reasons apart", async (t) => {
  const cases: readonly (readonly [unknown, number])[] = [
    [new Error("bug"), 1],
    ["not even an error", 1],
    [new FsError("EEXIST"), 1],
    [new StoreError("STORE_BUSY", "x"), 1],
    [new UsageError("USAGE", "x"), 2],
    [new UsageError("NO_PASSWORD_SOURCE", "x"), 2],
    [new UsageError("NOT_MOUNTED", "x"), 10],
    [new KeyError("WRONG_KEY", "x"), 11],
    [new FsError("ENOENT"), 12],
    [new KeyError("NO_SUCH_SLOT", "x"), 12],
    [new StoreError("STORE_MISSING", "x"), 13],
    [new StoreError("STORE_DOWN", "x"), 13],
    [new FormatError("NOT_A_VAULT", "x"), 14],
    [new FormatError("VERSION_UNKNOWN", "x"), 14],
    [new FormatError("VAULT_DAMAGED", "x"), 15],
    [new PageError("PAGE_CORRUPT", 7, "tag mismatch"), 15],
    [new UsageError("CANCELLED", "x"), 130],
  ];
  for (const [error, code] of cases) t.equal(exitCodeOf(error), code, String(error));
  t.equal(ExitCode.done, 0);
});

t.test("an error is one line, without a stack unless asked for", async (t) => {
  const context = testContext();
  reportError(context, new FsError("ENOENT", "/a\u001b[2J\nb: no such file or directory"));
  t.equal(context.err(), "dvault: /a\\x1b[2J\\x0ab: no such file or directory\n");
  const debug = testContext({ DVAULT_DEBUG: "1" });
  reportError(debug, new Error("broken", { cause: new Error("deeper") }));
  t.match(debug.err(), /^dvault: broken\nError: broken\n {4}at /);
  t.match(debug.err(), /caused by Error: deeper/);
});

t.test("bare errno names and system errors are put in words", async (t) => {
  t.equal(describeError(new FsError("ENOTEMPTY")), "the directory is not empty");
  t.equal(describeError(new FsError("ESTALE")), "ESTALE");
  t.equal(describeError(new SystemError(-13, "mknod")), "permission denied");
  const missing = Object.assign(new Error("ENOENT: x"), {
    code: "ENOENT",
    syscall: "open",
    path: "/x",
  });
  t.equal(describeError(missing), "/x: no such file or directory");
  t.equal(describeError("text"), "text");
});

t.test("progress is drawn on terminals only, and at most ten times a second", async (t) => {
  const context = testContext();
  t.equal(progressOn(context.stderr), silentProgress);
  const terminal = Object.assign(context.stderr, { isTTY: true, columns: 100 });
  let nowMs = 0;
  const progress = progressOn(terminal, () => nowMs);
  progress.expect(2048);
  progress.enter("/a");
  progress.add(512);
  nowMs = 1000;
  progress.add(512);
  progress.enter("/b\n");
  nowMs = 2000;
  progress.add(512);
  progress.clear();
  const draws = context.err().split("\r").slice(1);
  t.equal(draws.length, 4);
  t.match(draws[1], / 50% \[={12} {12}\] {2}1 files {2}1\.0 KiB {2}1\.0 KiB\/s {2}1 s left {2}\/a/);
  t.match(draws[2], /2 files.*\/b\\x0a/);
  t.equal(draws[3], "\u001b[K");
});
