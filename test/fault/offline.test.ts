/** The network is gone for an hour while somebody works on a mount. */
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { entryOf } from "../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../src/core/fs/file-system.ts";
import { SegmentPlace } from "../support/segment-place.ts";
import { newFile, newFileSystem, readBytes } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";

const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

t.test(
  "reads of what is here and writes go on, up to the budget; all is published later",
  async (t) => {
    const place = new SegmentPlace(t.testdir());
    const objects = place.objects();
    const budgetBytes = 32 * MIB;
    const store = await place.open("here", { objects, budgetBytes, publishBytes: MIB }, "create");
    const vault = await createTestVault(store);
    const fs = await newFileSystem(vault);
    const before = await newFile(fs, "before");
    await fs.write(before.ino, 0, Buffer.alloc(MIB, "b"));
    await vault.commit();
    await store.flush();

    objects.fate = () => "before";
    const written: number[] = [];
    let refusal: unknown;
    for (let n = 0; n < 60 && refusal === undefined; n++) {
      place.timing.advance(MINUTE_MS);
      try {
        const { ino } = await newFile(fs, `offline ${n}`);
        await fs.write(ino, 0, incompressible(MIB, n));
        await vault.commit();
        written.push(ino);
      } catch (error) {
        refusal = error;
      }
      t.equal((await readBytes(fs, before.ino, 0, 1))[0], 0x62, "what is cached is read");
    }
    t.match(refusal, { code: /ENOSPC|STORE_FULL/ });
    t.ok(written.length >= 16, `${written.length} MiB were written`);
    const { pendingBytes, pendingCommits, problem } = store.status();
    t.ok(pendingBytes <= budgetBytes && pendingCommits >= written.length);
    t.match(problem, /failed as the test wished/);
    for (const [n, ino] of written.entries()) {
      t.same(await readBytes(fs, ino), incompressible(MIB, n), "what was written is read");
    }
    place.timing.advance(HOUR_MS);

    objects.fate = () => "pass";
    const flushed = store.flush();
    for (let n = 0; n < 50; n++) {
      await new Promise((resolve) => setImmediate(resolve));
      place.timing.advance(MINUTE_MS);
    }
    await flushed;
    t.match(store.status(), { pendingCommits: 0, problem: undefined });
    const after = await newFile(fs, "after");
    await fs.write(after.ino, 0, utf8("there is room again"));
    await vault.commit();
    await store.flush();
    await vault.close();

    const elsewhere = await place.open("elsewhere", { readOnly: true });
    const reopened = await openTestVault(elsewhere);
    const reader = await newFileSystem(reopened);
    const { ino } = await entryOf(reader, ROOT_INO, utf8("after"));
    t.equal(String(await readBytes(reader, ino)), "there is room again");
    for (const [n, file] of written.entries()) {
      t.same(await readBytes(reader, file), incompressible(MIB, n));
    }
    await reopened.close();
  },
);

/** Bytes that differ from block to block, and from file to file. */
function incompressible(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed + 1;
  for (let at = 0; at < length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}
