/**
 * A small tree with one file of every kind the format knows: inline, packed, whole pages with a packed tail, holes,
 * preallocated, links, devices, attributes, a name that is no UTF-8.
 *
 * @module
 */
import { utf8 } from "../../src/core/base/bytes.ts";
import { type Creation, type FileSystem, ROOT_INO } from "../../src/core/fs/file-system.ts";

const CALLER = { uid: 1000, gid: 100 };

/** How {@link makeSampleFiles} makes a root. */
export const SAMPLE_ROOT: Creation = { mode: 0o040755, umask: 0, caller: CALLER };

/** Bytes that do not repeat within a page and do not compress away. */
function sampleBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Makes the tree; its root must be there and empty. */
export async function makeSampleFiles(fs: FileSystem): Promise<void> {
  const umask = 0o022;
  const file = async (parent: number, name: string, bytes: Uint8Array): Promise<number> => {
    const creation = { mode: 0o100644, umask, caller: CALLER };
    const { ino } = await fs.mknod(parent, utf8(name), creation, 0);
    await fs.write(ino, 0, bytes);
    return ino;
  };
  await file(ROOT_INO, "empty", new Uint8Array(0));
  const inline = await file(
    ROOT_INO,
    "inline.txt",
    utf8("a thousand bytes stand beside their inode\n"),
  );
  await fs.link(inline, ROOT_INO, utf8("second name"));
  await fs.setxattr(inline, utf8("user.comment"), utf8("a small value"), "set");
  await fs.setxattr(inline, utf8("user.large"), utf8("x".repeat(20_000)), "set");
  const { ino: directory } = await fs.mkdir(ROOT_INO, utf8("directory"), {
    mode: 0o040750,
    umask,
    caller: CALLER,
  });
  for (let i = 0; i < 5; i++) await file(directory, `packed ${i}`, sampleBytes(3000 + i, i));
  await file(directory, "pages and a tail", sampleBytes(3 * 65_536 + 100, 7));
  await file(directory, "compressible", utf8("the same line again and again\n".repeat(5000)));
  const sparse = await file(directory, "sparse", sampleBytes(10, 8));
  await fs.write(sparse, 2 ** 22, sampleBytes(10, 9));
  const reserved = await file(directory, "reserved", sampleBytes(10, 10));
  await fs.fallocate(reserved, 0, 200_000, { operation: "allocate", keepSize: false });
  await fs.copyFileRange({ ino: sparse, offset: 0 }, { ino: reserved, offset: 300_000 }, 10);
  await fs.symlink(directory, utf8("link"), utf8("../inline.txt"), CALLER);
  await fs.mknod(directory, utf8("pipe"), { mode: 0o010600, umask, caller: CALLER }, 0);
  await fs.mknod(directory, utf8("device"), { mode: 0o020600, umask, caller: CALLER }, 0x103);
  await fs.mknod(
    directory,
    Uint8Array.of(0xff, 0xfe, 0x80),
    { mode: 0o100600, umask, caller: CALLER },
    0,
  );
  await fs.rename(
    { parent: directory, name: utf8("packed 4") },
    { parent: ROOT_INO, name: utf8("moved") },
    "no-replace",
  );
}
