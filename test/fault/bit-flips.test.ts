import { closeSync, copyFileSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { DvaultError } from "../../src/core/base/errors.ts";
import { SecretBytes } from "../../src/core/crypto/secret-bytes.ts";
import { HEADER_SIZE } from "../../src/core/format/header.ts";
import { decodePageHeader } from "../../src/core/format/page-header.ts";
import { storedLength } from "../../src/core/format/page-size.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { HEADER_SLOT_SIZE, PAGE_STRIDE, pageOffset } from "../../src/stores/file/layout.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { listContents } from "../support/vault-contents.ts";

/** Bits to flip, one a run; `DVAULT_FLIPS=10000` for the long run. */
const FLIPS = Number(process.env.DVAULT_FLIPS ?? 300);

const FOLDER = fileURLToPath(new URL("../vectors/golden/", import.meta.url));

/** What opening and reading everything shows: contents and warnings, or the first error. */
async function readAll(path: string): Promise<string> {
  let vault: Vault | undefined;
  const store = FileStore.open(path);
  try {
    vault = await Vault.open(store, nodePlatform, {
      password: new SecretBytes(utf8("golden vault")),
    });
    const fs = new VaultFileSystem(vault, { ...nodePlatform, atime: "noatime" });
    return JSON.stringify([await listContents(fs), vault.warnings]);
  } catch (error) {
    if (error instanceof DvaultError) return error.code;
    throw error;
  } finally {
    if (vault === undefined) store.close();
    else await vault.abandon();
  }
}

/** Whether a byte belongs to a header or to a stored page, not to the slack behind one. */
function isStored(image: Uint8Array, offset: number): boolean {
  if (offset < 2 * HEADER_SLOT_SIZE) return offset % HEADER_SLOT_SIZE < HEADER_SIZE;
  const start = pageOffset(Math.floor((offset - pageOffset(0)) / PAGE_STRIDE));
  const header = decodePageHeader(image.subarray(start, start + PAGE_STRIDE));
  return typeof header !== "string" && offset < start + storedLength(header);
}

for (const name of ["v1", "v1-parts"]) {
  t.test(`every flipped bit of vault ${name} is noticed or lies in free space`, async (t) => {
    const path = join(t.testdir(), "flipped.dvault");
    copyFileSync(join(FOLDER, `${name}.dvault`), path);
    const image = readFileSync(path);
    const random = seededRandom(Number(process.env.DVAULT_SEED ?? 1));
    const intact = await readAll(path);
    const counts = { noticed: 0, free: 0, dead: 0 };
    for (let i = 0; i < FLIPS; i++) {
      const offset = Math.floor(random() * image.length);
      const flipped = (image[offset] as number) ^ (1 << Math.floor(random() * 8));
      const fd = openSync(path, "r+");
      writeSync(fd, Uint8Array.of(flipped), 0, 1, offset);
      closeSync(fd);
      const seen = await readAll(path);
      if (seen !== intact) counts.noticed += 1;
      else if (isStored(image, offset)) counts.dead += 1;
      else counts.free += 1;
      if (!isSameContent(seen, intact)) t.fail(`byte ${offset} changed what is read`);
      writeFileSync(path, image);
    }
    t.comment(JSON.stringify(counts));
    t.equal(counts.noticed + counts.free + counts.dead, FLIPS);
    t.ok(counts.noticed > FLIPS / 10);
  });
}

/** Whether what was read, if anything could be, is what it was. */
function isSameContent(seen: string, intact: string): boolean {
  if (!seen.startsWith("[")) return true;
  return JSON.stringify(JSON.parse(seen)[0]) === JSON.stringify(JSON.parse(intact)[0]);
}
