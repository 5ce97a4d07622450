/** Target: names of any bytes as text and back, and the kernel's table of mounts. */

import { decodeName, encodeName } from "../../../src/cli/argument-bytes.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { parseMountTable } from "../../../src/mount/mount-table.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect, expectSame } from "../expect.ts";

export const namesTarget: FuzzTarget = {
  name: "names",
  files: ["src/mount/mount-table.ts"],
  seeds: () => [
    utf8(
      "36 35 98:0 /r /a\\040b rw,noatime master:1 - fuse.dvault x rw\n1 2 0:1 / /p rw - proc p rw",
    ),
    Uint8Array.of(0x61, 0xff, 0xc3, 0xa9, 0xed, 0xb2, 0x80),
  ],
  words: [" - ", "\\040", "\\777"],
  maxLength: 512,
  run(input) {
    expectSame(encodeName(decodeName(input)), input);
    for (const entry of parseMountTable(Buffer.from(input).toString("latin1"))) {
      expect(typeof entry.mountpoint === "string", "an entry has a mount point");
    }
  },
};
