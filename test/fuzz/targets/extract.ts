/** Target: names, types and targets of links of a hostile vault, extracted into a directory of the host. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentProgress } from "../../../src/cli/output/progress.ts";
import { TreeExport } from "../../../src/cli/transfer/export-tree.ts";
import { HostDirectory } from "../../../src/cli/transfer/host-directory.ts";
import { type Existing, Transfer } from "../../../src/cli/transfer/transfer.ts";
import {
  type DirectoryEntry,
  type FileSystem,
  ROOT_INO,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
} from "../../../src/core/fs/file-system.ts";
import { testContext } from "../../support/cli-context.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect } from "../expect.ts";
import { Input } from "../input.ts";
import { STILL_ATTRIBUTES, stillFileSystem } from "./still-file-system.ts";

const EXISTING: readonly Existing[] = ["refuse", "skip", "replace"];
const TYPES = [S_IFREG, S_IFLNK, S_IFDIR, S_IFIFO, 0];
const ENTRIES_MAX = 12;
const WITNESS = "witness";

/** A fresh place for each thread. */
const place = mkdtempSync(join(tmpdir(), "dvault-fuzz-"));
process.once("exit", () => rmSync(place, { recursive: true, force: true }));

interface HostileEntry {
  readonly parent: number;
  readonly ino: number;
  readonly mode: number;
  readonly name: Uint8Array;
  readonly target: Uint8Array;
}

/** Input: what is done about what exists; then entries: parent, inode, type, name and target with their lengths. */
export const extractTarget: FuzzTarget = {
  name: "extract",
  files: ["src/cli/transfer/export-tree.ts", "src/cli/transfer/host-directory.ts"],
  shortRun: 20,
  seeds: () =>
    ["..", "../x", "/etc", ".", "a\0b", "a", "a/b"].map((name) =>
      Uint8Array.of(
        ...[2, 1, 2, 1, name.length, ...Buffer.from(name), 2, ...Buffer.from("..")],
        ...[1, 3, 2, name.length, ...Buffer.from(name), 0],
        ...[3, 4, 0, 1, 98, 0],
      ),
    ),
  words: ["..", "../", "/", "\0", WITNESS, `../${WITNESS}`, "/proc/self/fd/3"],
  maxLength: 512,
  async run(bytes) {
    const input = new Input(bytes);
    const existing = EXISTING[input.u8() % EXISTING.length] ?? "refuse";
    const entries = Array.from({ length: ENTRIES_MAX }, () => entryOf(input)).filter(
      ({ name }) => name.length > 0,
    );
    rmSync(join(place, "target"), { recursive: true, force: true });
    mkdirSync(join(place, "target"));
    writeFileSync(join(place, WITNESS), WITNESS);
    await extract(hostileFileSystem(entries), existing);
    expect(readdirSync(place).join() === `target,${WITNESS}`, "nothing is outside of the target");
    expect(readFileSync(join(place, WITNESS), "latin1") === WITNESS, "nothing outside is changed");
  },
};

function entryOf(input: Input): HostileEntry {
  const [parent, ino, type] = [input.u8() % 5, input.u8() % 6, input.u8()];
  const mode = (TYPES[type % TYPES.length] ?? 0) | 0o644;
  return { parent, ino, mode, name: input.shortPart(), target: input.shortPart() };
}

async function extract(fs: FileSystem, existing: Existing): Promise<void> {
  const target = HostDirectory.open(join(place, "target"));
  try {
    const options = { existing, owners: false, privileges: false };
    const transfer = new Transfer(testContext(), options, silentProgress);
    const attributes = { ...STILL_ATTRIBUTES, ino: ROOT_INO, mode: S_IFDIR | 0o755 };
    await new TreeExport(fs, transfer, target).copyContents({ attributes, path: "/" }, target, []);
  } finally {
    target.close();
  }
}

function hostileFileSystem(entries: readonly HostileEntry[]): FileSystem {
  const listing = (parent: number): DirectoryEntry[] =>
    entries
      .filter((entry) => entry.parent === parent)
      .map(({ ino, mode, name }, n) => {
        const attributes = { ...STILL_ATTRIBUTES, ino, mode, nlink: 1 + (ino % 2) };
        return { name, ino, type: mode, cookie: n + 1, attributes };
      });
  return {
    ...stillFileSystem,
    opendir: (ino) => ({ read: (cookie, limit) => listing(ino).slice(cookie, cookie + limit) }),
    readlink: (ino) => entries.find((entry) => entry.ino === ino)?.target ?? new Uint8Array(1),
    listxattr: () => [],
  };
}
