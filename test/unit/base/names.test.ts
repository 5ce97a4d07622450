import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { dots, isEntryName } from "../../../src/core/base/names.ts";

t.test("an entry has a name of 1 to 255 bytes, without slash and NUL, not . or ..", async (t) => {
  for (const name of ["a", "...", ".a", "..a", " ", "n".repeat(255)]) {
    t.ok(isEntryName(utf8(name)), name);
  }
  for (const name of ["", ".", "..", "/", "a/b", "a\0", "n".repeat(256)]) {
    t.notOk(isEntryName(utf8(name)), JSON.stringify(name));
  }
});

t.test("the names of a directory and the one above it are told apart", async (t) => {
  t.strictSame(
    ["", ".", "..", "...", ".a", "a."].map((name) => dots(utf8(name))),
    [0, 1, 2, 0, 0, 0],
  );
});
