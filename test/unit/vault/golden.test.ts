/**
 * Vaults of every format version and feature, kept for ever: each must open and hold what it held when it was made.
 *
 * A new one gets a vault of its own, made once by `DVAULT_GOLDEN=v2 npx tap test/unit/vault/golden.test.ts`.
 */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { makePasswordSlot } from "../../../src/core/crypto/password-slot.ts";
import { makeRecipientSlot } from "../../../src/core/crypto/recipient-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import type { Credentials } from "../../../src/core/crypto/unlock.ts";
import { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import { makeSampleFiles, SAMPLE_ROOT } from "../../support/sample-files.ts";
import { listContents } from "../../support/vault-contents.ts";

const PASSWORD = "golden vault";
const RECIPIENT = "age1yrvke7zut0g9z025e42evl0cyfgwfdgr6cqdhz3xt4mye8l7h3ss25esnm";
const IDENTITY = "AGE-SECRET-KEY-1G5KL86E9RZCK037QU7GXJQ77ERR9QPY6SEG895NFM0DJXS5HGL8SDK99EW";
const FOLDER = fileURLToPath(new URL("../../vectors/golden/", import.meta.url));

async function make(version: string): Promise<void> {
  const argon2 = { memoryKib: 64, passes: 1, lanes: 1 };
  const vault = await Vault.create(
    FileStore.create(join(FOLDER, `${version}.dvault`)),
    nodePlatform,
    {
      argon2,
      makeSlots: async (secret) => [
        await makePasswordSlot(nodePlatform, secret, new SecretBytes(utf8(PASSWORD)), {
          label: "password",
          argon2,
        }),
        await makeRecipientSlot(nodePlatform, secret, { label: "recipient", recipient: RECIPIENT }),
      ],
    },
  );
  const fs = new VaultFileSystem(vault, { ...nodePlatform, compression: "deflate" });
  await fs.makeRoot(SAMPLE_ROOT);
  await makeSampleFiles(fs);
  await vault.commit();
  const contents = await listContents(fs);
  await vault.close();
  writeFileSync(join(FOLDER, `${version}.json`), `${JSON.stringify(contents, undefined, 1)}\n`);
}

async function contentsOf(
  path: string,
  credentials: Credentials,
  readOnly: boolean,
): Promise<unknown> {
  const vault = await Vault.open(FileStore.open(path, { readOnly }), nodePlatform, credentials);
  try {
    t.same(vault.warnings, []);
    return await listContents(new VaultFileSystem(vault, { ...nodePlatform, atime: "noatime" }));
  } finally {
    await vault.close();
  }
}

const { DVAULT_GOLDEN } = process.env;
if (DVAULT_GOLDEN !== undefined) await make(DVAULT_GOLDEN);

t.test("golden vaults open with every key slot and hold what they held", async (t) => {
  const versions = readdirSync(FOLDER).filter((name) => name.endsWith(".dvault"));
  t.ok(versions.length > 0);
  for (const name of versions) {
    const expected = JSON.parse(
      readFileSync(join(FOLDER, name.replace(/dvault$/, "json")), "utf8"),
    );
    const path = join(t.testdir(), name);
    copyFileSync(join(FOLDER, name), path);
    const password: Credentials = { password: new SecretBytes(utf8(PASSWORD)) };
    const identities: Credentials = { identities: new SecretBytes(utf8(IDENTITY)) };
    t.same(await contentsOf(path, password, true), expected, `${name}, read-only`);
    t.same(await contentsOf(path, identities, false), expected, `${name}, by identity`);
    t.same(await contentsOf(path, password, true), expected, `${name}, after a writer`);
  }
});
