/**
 * A change of the vault key on its way from the command that makes it to the process that has the vault open: the new key is
 * sealed under the one of now, so that it is in clear nowhere, and nobody but a holder of the vault key can ask for it.
 *
 * @module
 */
import type { KeySlot, VaultSecret } from "../../core/crypto/key-slot.ts";
import type { NewKeys } from "../../core/crypto/new-keys.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import { type Purpose, unwrapKey, wrapKey } from "../../core/crypto/wrapped-key.ts";
import { decodeKeyDirectory, encodeKeyDirectory } from "../../core/format/key-directory.ts";
import type { KeyChange } from "../../mount/control-messages.ts";
import { nodePlatform } from "../../platform/node-platform.ts";

const PURPOSE: Purpose = { name: "dvault key change", terms: new Uint8Array(0) };

/** @param vault - with the key of now; borrowed */
export async function encodeKeyChange(
  vault: VaultSecret,
  { vaultKey, slots }: Pick<NewKeys, "vaultKey" | "slots">,
): Promise<KeyChange> {
  const { vaultId } = vault;
  const key = await wrapKey(nodePlatform, vault, PURPOSE, vaultKey);
  const directory = encodeKeyDirectory({ vaultId, slots, older: [] });
  return { key: toBase64(key), directory: toBase64(directory) };
}

/**
 * @param vault - with the key of now; borrowed
 * @throws KeyError WRONG_KEY when the vault has another key by now; FormatError RECORD_MALFORMED
 */
export async function decodeKeyChange(
  vault: VaultSecret,
  { key, directory }: KeyChange,
): Promise<{ readonly vaultKey: SecretBytes; readonly slots: readonly KeySlot[] }> {
  const { slots } = decodeKeyDirectory(Buffer.from(directory, "base64"));
  const vaultKey = await unwrapKey(nodePlatform, vault, PURPOSE, Buffer.from(key, "base64"));
  return { vaultKey, slots };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
