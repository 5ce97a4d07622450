import { readdirSync, readlinkSync } from "node:fs";
import t from "tap";
import { rehearse } from "../../../src/cli/daemon/rehearsal.ts";
import { DescriptorFile } from "../../../src/stores/file/host-file.ts";

/** Files in memory that this process has open. */
function memoryFiles(): readonly string[] {
  const names = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "closed meanwhile";
    }
  });
  return names.filter((name) => name.startsWith("/memfd:"));
}

t.test("a rehearsal goes as far as to the store, and leaves nothing behind", async (t) => {
  const reads = t.capture(DescriptorFile.prototype, "read", DescriptorFile.prototype.read);
  const writes = t.capture(DescriptorFile.prototype, "write", DescriptorFile.prototype.write);
  let turns = 0;
  let most = 0;
  await rehearse(() => {
    most = Math.max(most, memoryFiles().length);
    turns += 1;
    return turns === 60;
  });
  t.equal(turns, 60, "it ends when it is told to");
  t.equal(most, 1);
  t.same(memoryFiles(), []);
  t.ok(reads().length > 100, "pages are read that are not in memory");
  t.ok(writes().length > 0);
});
