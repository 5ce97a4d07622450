import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { chooseHeader } from "../../../src/core/format/choose-header.ts";
import { IN_PARTS, type PageLayout, WHOLE } from "../../../src/core/format/page-layout.ts";
import { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import { newFile } from "../../support/test-file-system.ts";
import { createTestVault } from "../../support/test-vault.ts";

const GOLDEN = fileURLToPath(new URL("../../vectors/golden/", import.meta.url));
const FULL_PAGES = 20;
const credentials = { password: new SecretBytes(utf8("golden vault")) };

/** Payload of a full page that no compressor makes shorter. */
function noise(): Uint8Array {
  const payload = new Uint8Array(PAGE_SIZE);
  nodePlatform.random.fill(payload);
  return payload;
}

/** Layouts of the pages of content in a vault file that are of a generation, or a later one. */
async function layoutsOf(path: string, from = 0): Promise<Set<PageLayout>> {
  const store = FileStore.open(path, { readOnly: true });
  const layouts = new Set<PageLayout>();
  for await (const { pageClass, layout, generation, bodyLength } of store.scan()) {
    const isFull = pageClass === "data" && bodyLength > PAGE_SIZE;
    if (isFull && generation >= from) layouts.add(layout);
    if (layout === IN_PARTS && !isFull) throw new Error(`a ${pageClass} page is in parts`);
  }
  store.close();
  return layouts;
}

function hasPageParts(path: string): boolean {
  const store = FileStore.open(path, { readOnly: true });
  const { header } = chooseHeader(store.readHeaders());
  store.close();
  return header.hasPageParts;
}

for (const [name, layout] of [
  ["v1", WHOLE],
  ["v1-parts", IN_PARTS],
] as const) {
  t.test(`what is written to vault ${name} has the layout of what is in it`, async (t) => {
    const path = join(t.testdir(), name);
    copyFileSync(join(GOLDEN, `${name}.dvault`), path);
    const isInParts = layout === IN_PARTS;
    t.equal(hasPageParts(path), isInParts);
    t.strictSame(await layoutsOf(path), new Set([layout]));
    const vault = await Vault.open(FileStore.open(path), nodePlatform, credentials);
    const { generation } = vault;
    const fs = new VaultFileSystem(vault, nodePlatform);
    const { ino } = await newFile(fs, "new");
    const content = noise();
    for (let block = 0; block < FULL_PAGES; block++) {
      await fs.write(ino, block * PAGE_SIZE, content);
    }
    await vault.close();
    t.strictSame(await layoutsOf(path, generation + 1), new Set([layout]));
    t.equal(hasPageParts(path), isInParts, "and the vault stays one of its kind");
  });
}

t.test("a page in parts counts as four messages of the key that seals it", async (t) => {
  const vault = await createTestVault(new MemoryStore());
  const addOne = async (payload: Uint8Array): Promise<number> => {
    const { sealed } = vault.inspect().root;
    vault.addPages([{ pageClass: "data", owner: { ino: 2, block: 0 }, payload }]);
    await vault.commit();
    return vault.inspect().root.sealed - sealed;
  };
  const whole = await addOne(noise().subarray(1));
  t.equal(await addOne(noise()), whole + 3);
  await vault.abandon();
});
