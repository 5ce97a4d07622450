/** Target: extended attributes (FORMAT.md §7.5) and access control lists. */
import {
  aclAfterChmod,
  decodeAcl,
  encodeAcl,
  inheritAcl,
  modeOfAcl,
} from "../../../src/core/fs/acl.ts";
import { xattrPage } from "../../../src/core/fs/xattr-record.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSafe, expectSame } from "../expect.ts";

const UNUSED = 0xffff_ffff;

export const xattrTarget: FuzzTarget = {
  name: "xattr",
  files: ["src/core/fs/acl.ts"],
  seeds: () => [
    encodeAcl([
      { tag: 1, permissions: 7, id: UNUSED },
      { tag: 2, permissions: 5, id: 1000 },
      { tag: 4, permissions: 5, id: UNUSED },
      { tag: 16, permissions: 5, id: UNUSED },
      { tag: 32, permissions: 0, id: UNUSED },
    ]),
  ],
  maxLength: 128,
  run(input) {
    const page = accepted(["RECORD_MALFORMED"], () => xattrPage(input));
    if (page !== undefined) expectSafe({ ...page });
    const entries = accepted(["EINVAL", "EOPNOTSUPP"], () => decodeAcl(input));
    if (entries === undefined) return;
    expectSame(encodeAcl(decodeAcl(encodeAcl(entries))), encodeAcl(entries));
    for (const mode of [0o777, modeOfAcl(entries, 0o100644)]) {
      decodeAcl(encodeAcl(aclAfterChmod(entries, mode)));
      decodeAcl(encodeAcl(inheritAcl(entries, mode)));
    }
  },
};
