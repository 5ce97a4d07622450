/**
 * Names of vault keys, which tell two keys apart and nothing else of them.
 *
 *     name:  HKDF-SHA-256(vault key, salt: vault id, info: "dvault key fingerprint"), 8 bytes, as hexadecimal digits
 *
 * @module
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { utf8 } from "../base/bytes.ts";
import type { SecretBytes } from "./secret-bytes.ts";

const FINGERPRINT_SIZE = 8;
const INFO = utf8("dvault key fingerprint");

/** @param vaultId - 16 bytes */
export function keyFingerprint(vaultId: Uint8Array, vaultKey: SecretBytes): string {
  return vaultKey.use((key) => bytesToHex(hkdf(sha256, key, vaultId, INFO, FINGERPRINT_SIZE)));
}
