/**
 * Looks at a vault after a crash: what its file system holds, and whether it is whole.
 *
 * @module
 */
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
} from "../../../src/core/fs/file-system.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { namesIn, readBytes } from "../../support/test-file-system.ts";
import { type Appearance, portrait } from "./model.ts";
import { TAG } from "./operations.ts";

/** Everything a file system holds, as a model draws itself. */
export async function portraitOf(fs: FileSystem): Promise<string> {
  const found: Appearance[] = [];
  const pending: [path: string, ino: number][] = [["", ROOT_INO]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, ino] = next;
    for (const name of await namesIn(fs, ino)) {
      const attributes = await entryOf(fs, ino, utf8(name));
      const child = path === "" ? name : `${path}/${name}`;
      found.push(await lookAt(fs, child, attributes));
      if ((attributes.mode & S_IFMT) === S_IFDIR) pending.push([child, attributes.ino]);
    }
  }
  return portrait(found);
}

async function lookAt(fs: FileSystem, path: string, attributes: Attributes): Promise<Appearance> {
  const { ino, mode, nlink: links, size } = attributes;
  const type = mode & S_IFMT;
  const none = new Uint8Array(0);
  if (type === S_IFDIR) return { path, kind: "directory", links: 1, content: none, tag: "" };
  if (type === S_IFLNK) {
    return { path, kind: "symlink", links, content: await fs.readlink(ino), tag: "" };
  }
  const content = await readBytes(fs, ino);
  if (content.length !== size) throw new Error(`${path}: ${content.length} of ${size} bytes read`);
  return { path, kind: "file", links, content, tag: await tagOf(fs, ino) };
}

async function tagOf(fs: FileSystem, ino: number): Promise<string> {
  const tag = await fs.getxattr(ino, utf8(TAG));
  return tag === undefined ? "" : toText(tag);
}

/**
 * Checks every record and every page of a vault to which everything was committed.
 * @throws Error about the first things that are wrong, or pages that are lost room
 */
export async function expectWhole(vault: Vault): Promise<void> {
  const { compressor } = nodePlatform;
  const { findings, leakedPages } = await checkVault(vault, { readData: true, compressor });
  const wrong = findings.slice(0, 3).map(({ message }) => message);
  if (leakedPages > 0) wrong.push(`${leakedPages} pages count as used and are not`);
  if (wrong.length > 0) throw new Error(`check: ${wrong.join("; ")}`);
}
