import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { wrapOlderKey } from "../../../src/core/crypto/older-key.ts";
import { makePasswordSlot } from "../../../src/core/crypto/password-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { unlockVault } from "../../../src/core/crypto/unlock-vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FAST_ARGON2 } from "../../support/fast-kdf.ts";

const vaultId = new Uint8Array(16).fill(0x41);
const vault = { vaultId, vaultKey: new SecretBytes(new Uint8Array(32).fill(1)) };
const key = new SecretBytes(new Uint8Array(32).fill(2));
const password = new SecretBytes(utf8("correct"));

async function wrappedKeys() {
  const options = { label: "", argon2: FAST_ARGON2 };
  const slot = await makePasswordSlot(nodePlatform, vault, password, options);
  const terms = { lastEpoch: 1, lastGeneration: 9, doneAt: 0, key };
  const older = [terms, { ...terms, lastEpoch: 2 }];
  const wrapped = older.map((one) => wrapOlderKey(nodePlatform, vault, one));
  return { vaultId, slots: [slot], older: await Promise.all(wrapped) };
}

t.test("a vault unlocks with the keys of before", async (t) => {
  const { keys } = await unlockVault(nodePlatform, await wrappedKeys(), { password });
  t.same(
    keys.older.map(({ key, lastEpoch }) => [lastEpoch, key.use((bytes) => bytes[0])]),
    [
      [1, 2],
      [2, 2],
    ],
  );
  keys.close();
});

t.test("when a key of before does not open, those that did are wiped", async (t) => {
  const wrapped = await wrappedKeys();
  wrapped.older[1]?.wrapped.fill(0);
  const wipes = t.capture(SecretBytes.prototype, "wipe", SecretBytes.prototype.wipe);
  await t.rejects(unlockVault(nodePlatform, wrapped, { password }), { code: "WRONG_KEY" });
  const wiped = new Set(wipes().map(({ receiver }) => receiver));
  t.equal(wiped.size, 2, "the vault key and the older key before it");
});
