/**
 * dvault as a library: vaults, the file system in them, stores for them, and mounts.
 *
 * ```ts
 * const store = FileStore.open("photos.dvault");
 * const password = new SecretBytes(new TextEncoder().encode("..."));
 * const vault = await Vault.open(store, nodePlatform, { password });
 * const fs = new VaultFileSystem(vault, nodePlatform);
 * const mount = await mountVault({ fs, mountpoint: "/mnt/photos", options: { source: "photos" } });
 * await mount.ended;
 * await vault.close();
 * ```
 *
 * @module
 */
export {
  CommitError,
  DvaultError,
  type ErrorCode,
  FormatError,
  FsError,
  KeyError,
  PageError,
  RollbackError,
  StoreError,
  UsageError,
} from "./core/base/errors.ts";
export type { MaybePromise } from "./core/base/maybe-promise.ts";
export type {
  Aead,
  AeadKey,
  Argon2Cost,
  Argon2id,
  Clock,
  Compressor,
  Platform,
  Random,
} from "./core/base/platform.ts";
export type {
  KeySlot,
  PasswordSlot,
  RecipientSlot,
  RecoverySlot,
  VaultSecret,
} from "./core/crypto/key-slot.ts";
export { makePasswordSlot, type PasswordSlotOptions } from "./core/crypto/password-slot.ts";
export { makeRecipientSlot, type RecipientSlotOptions } from "./core/crypto/recipient-slot.ts";
export { parseRecoveryCode } from "./core/crypto/recovery-code.ts";
export { makeRecoverySlot, type NewRecovery } from "./core/crypto/recovery-slot.ts";
export { SecretBytes } from "./core/crypto/secret-bytes.ts";
export type { Credentials } from "./core/crypto/unlock.ts";
export type {
  AttributeChanges,
  Attributes,
  Caller,
  Creation,
  Directory,
  DirectoryEntry,
  FileSystem,
  ListedAttributes,
  NamePlace,
  Statistics,
  Time,
} from "./core/fs/file-system.ts";
export type { FileSystemOptions } from "./core/fs/fs-context.ts";
export { VaultFileSystem } from "./core/fs/vault-file-system.ts";
export type { PageStore } from "./core/pages/page-store.ts";
export { AutoCommit, type AutoCommitOptions } from "./core/vault/auto-commit.ts";
export type { KeyRing } from "./core/vault/key-ring.ts";
export { type CreateOptions, type OpenOptions, Vault } from "./core/vault/vault.ts";
export type { Driver, Mount, MountOptions } from "./mount/driver.ts";
export type { MountStatus } from "./mount/mount-status.ts";
export { type MountRequest, mountVault } from "./mount/mount-vault.ts";
export { listMounts, requestSync, requestUnmount } from "./mount/registry.ts";
export { nodePlatform } from "./platform/node-platform.ts";
export { FileStore } from "./stores/file/file-store.ts";
export {
  DirectoryObjectStore,
  type DirectoryObjectStoreOptions,
} from "./stores/objects/directory-object-store.ts";
export {
  type DiscordConfig,
  decodeDiscordUrl,
  encodeDiscordUrl,
  isDiscordUrl,
} from "./stores/objects/discord/discord-config.ts";
export {
  DiscordObjectStore,
  type DiscordStoreOptions,
} from "./stores/objects/discord/discord-object-store.ts";
export { systemTiming } from "./stores/objects/discord/steady-timing.ts";
export type { ObjectStore } from "./stores/objects/object-store.ts";
export { openSegmentStore } from "./stores/segments/open-segment-store.ts";
export type { SegmentStoreOptions } from "./stores/segments/segment-options.ts";
