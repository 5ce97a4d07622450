/**
 * Vaults in memory that open quickly, for tests.
 *
 * @module
 */
import { utf8 } from "../../src/core/base/bytes.ts";
import { makePasswordSlot } from "../../src/core/crypto/password-slot.ts";
import { SecretBytes } from "../../src/core/crypto/secret-bytes.ts";
import type { Credentials } from "../../src/core/crypto/unlock.ts";
import type { PageStore } from "../../src/core/pages/page-store.ts";
import { type OpenOptions, Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";

/** A password that nobody else uses. */
export const TEST_PASSWORD = "correct horse";

/** The least Argon2id cost the format allows. */
const TEST_ARGON2 = { memoryKib: 8, passes: 1, lanes: 1 };

export function testCredentials(password = TEST_PASSWORD): Credentials {
  return { password: new SecretBytes(utf8(password)) };
}

export function createTestVault(store: PageStore, cacheBytes?: number): Promise<Vault> {
  return Vault.create(store, nodePlatform, {
    argon2: TEST_ARGON2,
    makeSlots: async (secret) => [
      await makePasswordSlot(nodePlatform, secret, new SecretBytes(utf8(TEST_PASSWORD)), {
        label: "test",
        argon2: TEST_ARGON2,
      }),
    ],
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
  });
}

export function openTestVault(store: PageStore, options: OpenOptions = {}): Promise<Vault> {
  return Vault.open(store, nodePlatform, testCredentials(), options);
}
