/**
 * Finds the compiled part of `better-sqlite3`: the one shipped with dvault for this Node, or the one that was compiled
 * when the package was installed.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { arch, versions } from "node:process";
import { fileURLToPath } from "node:url";

/** Where the shipped one stands, as an option for opening; nothing where the package shall look for its own. */
export function binding(): { readonly nativeBinding?: string } {
  const name = `../../../../prebuilds/linux-${arch}/better-sqlite3-${versions.modules}.node`;
  const nativeBinding = fileURLToPath(new URL(name, import.meta.url));
  return existsSync(nativeBinding) ? { nativeBinding } : {};
}
