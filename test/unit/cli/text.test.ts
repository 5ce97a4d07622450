import fc from "fast-check";
import t from "tap";
import { decodeName, encodeName } from "../../../src/cli/argument-bytes.ts";
import {
  counted,
  fileType,
  humanSize,
  isoTime,
  listTime,
  modeString,
  printable,
} from "../../../src/cli/output/human.ts";

t.test("decodeName and encodeName keep every byte string", async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = JSON.parse(JSON.stringify(decodeName(bytes))) as string;
        return Buffer.compare(encodeName(text), bytes) === 0;
      }),
      { numRuns: 200 },
    ),
  );
});

t.test("decodeName gives ordinary names as they are and escapes stray bytes", async (t) => {
  t.equal(decodeName(Buffer.from("straße 🗝")), "straße 🗝");
  t.equal(decodeName(Buffer.from([0xef, 0xbb, 0xbf, 0x61])), "\ufeffa");
  t.equal(decodeName(Buffer.from([0x61, 0xe9, 0x62])), "a\udce9b");
  t.equal(decodeName(Buffer.from([0xc3, 0xa9, 0xc3])), "é\udcc3");
});

t.test("one thing is not many", async (t) => {
  t.same(
    [0, 1, 2].map((count) => counted(count, "page")),
    ["0 pages", "1 page", "2 pages"],
  );
});

t.test("humanSize keeps to three digits", async (t) => {
  t.equal(humanSize(0), "0 B");
  t.equal(humanSize(999), "999 B");
  t.equal(humanSize(1000), "1.0 KiB");
  t.equal(humanSize(1536), "1.5 KiB");
  t.equal(humanSize(10 * 1024), "10 KiB");
  t.equal(humanSize(1023 * 1024), "1.0 MiB");
  t.equal(humanSize(500 * 2 ** 20), "500 MiB");
  t.equal(humanSize(2 ** 63), "8.0 EiB");
});

t.test("modeString shows type, permissions and special bits as ls does", async (t) => {
  t.equal(modeString(0o100644), "-rw-r--r--");
  t.equal(modeString(0o040755), "drwxr-xr-x");
  t.equal(modeString(0o120777), "lrwxrwxrwx");
  t.equal(modeString(0o104755), "-rwsr-xr-x");
  t.equal(modeString(0o102644), "-rw-r-Sr--");
  t.equal(modeString(0o041777), "drwxrwxrwt");
  t.equal(modeString(0o010600), "prw-------");
  t.equal(modeString(0o170000), "?---------");
});

t.test("fileType names every kind", async (t) => {
  const kinds = [0o100000, 0o040000, 0o120000, 0o020000, 0o060000, 0o010000, 0o140000, 0];
  t.same(kinds.map(fileType), [
    "file",
    "directory",
    "symlink",
    "character-device",
    "block-device",
    "fifo",
    "socket",
    "unknown",
  ]);
});

t.test("isoTime keeps nanoseconds, before the epoch and out of range too", async (t) => {
  t.equal(isoTime({ sec: 0, nsec: 1 }), "1970-01-01T00:00:00.000000001Z");
  t.equal(isoTime({ sec: -1, nsec: 999_999_999 }), "1969-12-31T23:59:59.999999999Z");
  t.equal(isoTime({ sec: 2 ** 52, nsec: 5 }), "@4503599627370496.000000005");
  t.match(listTime({ sec: 1_700_000_000, nsec: 0 }), /^2023-11-1[45] \d\d:\d\d$/);
  t.match(listTime({ sec: 2 ** 52, nsec: 5 }), /^@/);
});

t.test("printable lets no control character through", async (t) => {
  t.equal(printable("plain straße"), "plain straße");
  t.equal(printable("a\u001b[2Jb\nc"), "a\\x1b[2Jb\\x0ac");
  t.equal(printable("a\u009bb"), "a\\x9bb");
  t.equal(printable("a\udce9"), "a\\xe9");
  t.equal(printable("evil\u202etxt"), "evil\\u{202e}txt");
});
