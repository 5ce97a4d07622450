/**
 * A vault that the program mounts, and that leaves nothing behind.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import { MountedVault } from "../../soak/mounted-vault.ts";

/** `dist/cli/main.js` of this checkout. */
export const PROGRAM: string = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** See the head of this file. */
export interface MountableVault {
  readonly vault: MountedVault;
  readonly home: string;
  /** The file or folder the vault is in. */
  readonly path: string;
  /** The vault's place, as the program takes it. */
  readonly url: string;
}

/** A vault that is not made yet, with a home of its own that goes with the test. */
export function mountableVault(t: Test, kind: "file" | "folder"): MountableVault {
  const home = mkdtempSync(join(tmpdir(), "dvault-crash-"));
  const path = join(home, kind === "file" ? "v.dvault" : "place");
  const url = kind === "file" ? path : `dir:${path}`;
  const vault = new MountedVault({ program: PROGRAM, home, url, env: {} });
  t.teardown(() => {
    vault.abandon();
    rmSync(home, { recursive: true });
  });
  return { vault, home, path, url };
}
