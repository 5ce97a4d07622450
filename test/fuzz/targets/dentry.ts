/** Target: directory entries (FORMAT.md §7.2), and their names. */
import { checkNewName, decodeDentry, encodeDentry } from "../../../src/core/fs/dentry.ts";
import { S_IFREG } from "../../../src/core/fs/file-system.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSafe, expectSame } from "../expect.ts";

export const dentryTarget: FuzzTarget = {
  name: "dentry",
  files: ["src/core/fs/dentry.ts"],
  seeds: () => [encodeDentry({ ino: 77, type: S_IFREG })],
  maxLength: 300,
  run(input) {
    accepted(["ENOENT", "ENAMETOOLONG", "EINVAL", "EEXIST"], () => checkNewName(input));
    const dentry = accepted(["RECORD_MALFORMED"], () => decodeDentry(input));
    if (dentry === undefined) return;
    expectSafe({ ino: dentry.ino });
    expectSame(decodeDentry(encodeDentry(dentry)), dentry);
  },
};
