/** Target: attributes of inodes (FORMAT.md §7.1). */
import { INODE_RECORD_SIZE, InodeRecord } from "../../../src/core/fs/inode-record.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSafe, expectTime } from "../expect.ts";

export const inodeRecordTarget: FuzzTarget = {
  name: "inode-record",
  files: ["src/core/fs/inode-record.ts"],
  seeds: () => [new Uint8Array(INODE_RECORD_SIZE)],
  maxLength: INODE_RECORD_SIZE + 8,
  run(input) {
    const record = accepted(["RECORD_MALFORMED"], () => new InodeRecord(7, input));
    if (record === undefined) return;
    const { mode, nlink, uid, gid, rdev, size, blocks, atime, mtime, ctime, btime } =
      record.attributes(0);
    expectSafe({ mode, nlink, uid, gid, rdev, size, blocks, parent: record.parent });
    for (const time of [atime, mtime, ctime, btime]) expectTime(time);
  },
};
