/**
 * Everything about a tree of the host that copying must keep, as a value to compare.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { getXattr, listXattrs } from "../../src/native/host.ts";

/** One line an entry, by path: type and mode, owner, time, size, group of links, attributes, contents. */
export function treeSnapshot(path: string): Record<string, string> {
  const snapshot: Record<string, string> = {};
  const links = new Map<bigint, string>();
  const visit = (place: Buffer, shown: string): void => {
    const stat = lstatSync(place, { bigint: true });
    const first = stat.isDirectory() ? shown : (links.get(stat.ino) ?? shown);
    links.set(stat.ino, first);
    snapshot[shown] = [
      stat.mode.toString(8),
      `${stat.uid}:${stat.gid}`,
      stat.mtimeNs,
      stat.rdev,
      first,
      xattrsOf(place),
      contentsOf(place, stat),
    ].join(" ");
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(place, { encoding: "buffer" }).sort(Buffer.compare)) {
      visit(Buffer.concat([place, Buffer.from("/"), name]), `${shown}/${name.toString("latin1")}`);
    }
  };
  visit(Buffer.from(path), "");
  return snapshot;
}

function xattrsOf(place: Buffer): string {
  const pairs = listXattrs(place).map((name) => {
    return `${Buffer.from(name)}=${Buffer.from(getXattr(place, name)).toString("hex")}`;
  });
  return pairs.sort().join(",");
}

function contentsOf(place: Buffer, stat: ReturnType<typeof lstatSync>): string {
  if (stat === undefined || stat.isDirectory()) return "";
  if (stat.isSymbolicLink()) return readlinkSync(place, { encoding: "latin1" });
  if (!stat.isFile()) return "";
  return createHash("sha256").update(readFileSync(place)).digest("hex");
}
