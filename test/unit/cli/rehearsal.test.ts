import { readdirSync, readlinkSync } from "node:fs";
import t from "tap";
import { rehearse } from "../../../src/cli/daemon/rehearsal.ts";
import { PlayedKernel } from "../../../src/mount/played-kernel.ts";
import { Opcode } from "../../../src/mount/protocol/opcode.ts";
import { DescriptorFile } from "../../../src/stores/file/host-file.ts";

const ENODATA = 61;
const ENOSYS = 38;

/** Turns after which two rounds have been played. */
const TURNS = 90;

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
    return turns === TURNS;
  });
  t.equal(turns, TURNS, "it ends when it is told to");
  t.equal(most, 1);
  t.same(memoryFiles(), []);
  t.ok(reads().length > 100, "pages are read that are not in memory");
  t.ok(writes().length > 0);
});

t.test(
  "requests are refused where there is no such attribute, or no such operation, and nowhere else",
  async (t) => {
    const { send, tell } = PlayedKernel.prototype;
    const errors = new Set<number>();
    const tells = t.capture(PlayedKernel.prototype, "tell", tell);
    t.capture(PlayedKernel.prototype, "send", function (this: PlayedKernel) {
      errors.add(new DataView(this.reply.buffer).getInt32(4, true));
      return send.call(this);
    });
    let turns = 0;
    await rehearse(() => ++turns === TURNS);
    t.same([...errors].sort(), [-ENOSYS, -ENODATA, 0]);
    const opcodes = new Set(tells().map(({ args }) => args[0]));
    for (const name of ["LOOKUP", "MKNOD", "WRITE", "READ", "FSYNC", "UNLINK", "FORGET"] as const)
      t.ok(opcodes.has(Opcode[name]), name);
  },
);
