import t from "tap";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { newFile, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

t.test("a vault larger than the cache is read whole without its nodes getting lost", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  for (let n = 0; n < 20; n++) {
    const { ino } = await newFile(fs, `file ${n}`);
    await fs.write(ino, 0, new Uint8Array(1_000_000).fill(n + 1));
  }
  await vault.close();
  const again = await openTestVault(new MemoryStore({ contents: store.contents }), {
    cacheBytes: 0,
  });
  const { compressor } = nodePlatform;
  const report = await checkVault(again, { readData: true, compressor });
  t.strictSame(report.findings, []);
});
