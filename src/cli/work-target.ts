/**
 * What a command works on that takes a mount point or a vault.
 *
 * @module
 */
import { canonicalPath } from "../mount/mountpoint.ts";
import { listMounts } from "../mount/registry.ts";
import type { VaultReference } from "./config/vault-reference.ts";
import type { CliContext } from "./context.ts";
import { findVault, writingMount } from "./find-vault.ts";

/** A live mount, or a vault that no mount writes to. */
export type WorkTarget =
  | { readonly kind: "mount"; readonly label: string; readonly mountpoint: string }
  | { readonly kind: "vault"; readonly label: string; readonly reference: VaultReference };

/**
 * Finds it. A vault that is mounted for writing is its mount, since nobody else may write to it then.
 * @param text - empty for the default vault
 * @throws what `findVault` throws
 */
export async function findWorkTarget(context: CliContext, text: string): Promise<WorkTarget> {
  const mountpoint = text === "" ? undefined : await liveMountpoint(text);
  if (mountpoint !== undefined) return { kind: "mount", label: mountpoint, mountpoint };
  const reference = findVault(context, text);
  const { label } = reference;
  const mount = await writingMount(reference);
  if (mount === undefined) return { kind: "vault", label, reference };
  return { kind: "mount", label, mountpoint: mount.mountpoint };
}

async function liveMountpoint(text: string): Promise<string | undefined> {
  const path = await canonicalPath(text).catch(() => undefined);
  const mounts = await listMounts();
  return mounts.find(({ mountpoint }) => mountpoint === path)?.mountpoint;
}
