/**
 * The kernel's table of mounts, `/proc/self/mountinfo` (proc(5)).
 *
 * @module
 */
import { readFile } from "node:fs/promises";

/** One mount of the table. */
export interface MountEntry {
  /** Device number as `major:minor`, the name of the mount's bdi in sysfs. */
  readonly device: string;
  readonly mountpoint: string;
  /** Type, with the subtype behind a dot. */
  readonly type: string;
  readonly source: string;
}

/** Type of the mounts dvault makes. */
export const MOUNT_TYPE = "fuse.dvault";

/** The mount one sees at a path, when the path is a mount point. */
export async function mountAt(mountpoint: string): Promise<MountEntry | undefined> {
  const table = parseMountTable(await readFile("/proc/self/mountinfo", "latin1"));
  return table.findLast((entry) => entry.mountpoint === mountpoint);
}

/**
 * Decodes a table, in order: later mounts hide earlier ones at the same place.
 * @param text - read as Latin-1, so that every byte is one character
 */
export function parseMountTable(text: string): MountEntry[] {
  return text
    .split("\n")
    .map(parseLine)
    .filter((entry) => entry !== undefined);
}

// 36 35 98:0 /root /mountpoint rw,noatime [optional fields...] - type source options
function parseLine(line: string): MountEntry | undefined {
  const [place = "", kind = ""] = line.split(" - ");
  const [, , device, , mountpoint] = place.split(" ");
  const [type, source] = kind.split(" ");
  if (device === undefined || mountpoint === undefined) return undefined;
  if (type === undefined || source === undefined) return undefined;
  return {
    device,
    mountpoint: unescapeField(mountpoint),
    type: unescapeField(type),
    source: unescapeField(source),
  };
}

/** Undoes the kernel's `\040` for blanks and the like, and turns the bytes into text. */
function unescapeField(field: string): string {
  const bytes = field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
