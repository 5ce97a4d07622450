import t from "tap";
import {
  CommitError,
  DvaultError,
  FormatError,
  FsError,
  KeyError,
  PageError,
  StoreError,
  UsageError,
} from "../../../src/core/base/errors.ts";

t.test("an error has a code, the name of its class, and its cause", async (t) => {
  const cause = new Error("below");
  const errors = [
    new FsError("ENOENT", "no such entry", { cause }),
    new FormatError("NOT_A_VAULT", "no header", { cause }),
    new PageError("PAGE_CORRUPT", 12, "tag mismatch", { cause }),
    new KeyError("WRONG_KEY", "no slot opens", { cause }),
    new StoreError("STORE_FULL", "no room", { cause }),
    new CommitError("VAULT_CLOSED", "closed", { cause }),
    new UsageError("USAGE", "what is this", { cause }),
  ];
  t.same(
    errors.map((error) => `${error}`),
    [
      "FsError: no such entry",
      "FormatError: no header",
      "PageError: page 12: tag mismatch",
      "KeyError: no slot opens",
      "StoreError: no room",
      "CommitError: closed",
      "UsageError: what is this",
    ],
  );
  for (const error of errors) {
    t.ok(error instanceof DvaultError);
    t.equal(error.cause, cause);
  }
});

t.test("a page's error carries its address, a file system's at least its errno", async (t) => {
  t.match(new PageError("PAGE_MISSING", 2 ** 40, "not there"), {
    code: "PAGE_MISSING",
    address: 2 ** 40,
  });
  t.match(new FsError("EIO"), { code: "EIO", message: "EIO" });
});
