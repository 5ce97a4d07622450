/**
 * A rehearsal of what a mount is about to do: calls on a vault of its own, in a file in memory, that is thrown away.
 *
 * V8 runs code that it has seen little of several times slower, and what programs do first on a mount is such code. While
 * another thread derives the key of the real vault, the main thread has nothing else to do.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { utf8 } from "../../core/base/bytes.ts";
import { DEFAULT_ARGON2 } from "../../core/crypto/kdf-limits.ts";
import { type FileSystem, ROOT_INO, S_IFDIR, S_IFREG } from "../../core/fs/file-system.ts";
import { FileSystemWithSnapshots } from "../../core/fs/snapshots/file-system-with-snapshots.ts";
import { VaultFileSystem } from "../../core/fs/vault-file-system.ts";
import { Vault } from "../../core/vault/vault.ts";
import { memoryFile } from "../../native/memory.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { FileStore } from "../../stores/file/file-store.ts";
import { DescriptorFile } from "../../stores/file/host-file.ts";

/** Time after which the rehearsal ends wherever it is, ms: about what deriving a key from a password takes. */
const REHEARSAL_MS = 250;

/** Calls between two turns of the event loop, and looks at the clock. */
const CALLS_PER_TURN = 16;

/** The large file is twice the cache, so that reading it misses. */
const CACHE_BYTES = 2 ** 22;
const LARGE_BYTES = 2 ** 23;

/** Bytes of a small read or write, and of one of a stream. */
const BLOCK = 4096;
const STREAM = 2 ** 17;

/** Files in a directory. */
const FILES = 40;

/** A prime: its multiples lie scattered. */
const SCATTER = 1327;

const NOBODY = { uid: 0, gid: 0 };

/** What the kernel asks for before a file is first written to. */
const CAPABILITY = utf8("security.capability");

/**
 * Rehearses; does nothing where there are no files in memory.
 * @param isOver - asked after every few calls; {@link REHEARSAL_MS} from now when left out
 * @throws StoreError STORE_FULL where memory is short
 */
export async function rehearse(isOver: () => boolean = afterMs(REHEARSAL_MS)): Promise<void> {
  const fd = memoryFile();
  if (fd === undefined) return;
  const store = new FileStore("rehearsal", new DescriptorFile(fd), false);
  const vault = await Vault.create(store, nodePlatform, {
    argon2: DEFAULT_ARGON2,
    makeSlots: () => Promise.resolve([]),
    cacheBytes: CACHE_BYTES,
  });
  try {
    const fs = new VaultFileSystem(vault, nodePlatform);
    await fs.makeRoot({ mode: S_IFDIR | 0o755, umask: 0, caller: NOBODY });
    const { snapshots } = vault;
    await play(new FileSystemWithSnapshots({ fs, snapshots, options: nodePlatform }), isOver);
  } finally {
    await vault.close();
  }
}

function afterMs(lengthMs: number): () => boolean {
  const end = performance.now() + lengthMs;
  return () => performance.now() > end;
}

async function play(fs: FileSystem, isOver: () => boolean): Promise<void> {
  const calls = scenes(fs);
  do {
    await nextTurn();
    for (let n = 0; n < CALLS_PER_TURN; n++) await calls.next();
  } while (!isOver());
}

/** What programs do to a file system, for ever; a step is a call or a few. */
async function* scenes(fs: FileSystem): AsyncGenerator<unknown> {
  const bytes = new Uint8Array(STREAM).map((_, i) => i * i);
  const large = await newFile(fs, ROOT_INO, "large");
  for (let at = 0; at < LARGE_BYTES; at += STREAM) yield await fs.write(large, at, bytes);
  yield await fs.fsync(large);
  for (let round = 0; ; round++) {
    const name = utf8(`directory ${round}`);
    const mode = S_IFDIR | 0o755;
    const directory = await fs.mkdir(ROOT_INO, name, { mode, umask: 0, caller: NOBODY });
    yield* smallFiles(fs, directory.ino, bytes.subarray(0, BLOCK));
    for (let n = 0; n < 4 * FILES; n++) {
      const at = ((n * SCATTER) % (LARGE_BYTES / BLOCK - STREAM / BLOCK)) * BLOCK;
      yield await fs.read(large, at, BLOCK);
      if (n % 4 === 0) yield await fs.read(large, at, STREAM);
      if (n % 16 === 0) yield await fs.write(large, at, bytes.subarray(0, BLOCK));
    }
  }
}

/** Makes, lists, reads and removes files. */
async function* smallFiles(
  fs: FileSystem,
  parent: number,
  content: Uint8Array,
): AsyncGenerator<unknown> {
  for (let n = 0; n < FILES; n++) {
    yield await fs.lookup(parent, utf8(`file ${n}`));
    const ino = await newFile(fs, parent, `file ${n}`);
    fs.retain(ino);
    yield await fs.getxattr(ino, CAPABILITY);
    yield await fs.write(ino, 0, content);
    yield await fs.setattr(ino, { mtime: "now" });
    yield await fs.read(ino, 0, STREAM);
    yield await fs.forget(ino, 1);
  }
  yield await fs.fsync(parent);
  yield await (await fs.opendir(parent)).read(0, FILES, "all");
  for (let n = 0; n < FILES; n++) {
    const found = await fs.lookup(parent, utf8(`file ${n}`));
    if (found !== undefined) yield await fs.getattr(found.ino);
    yield await fs.unlink(parent, utf8(`file ${n}`));
  }
}

async function newFile(fs: FileSystem, parent: number, name: string): Promise<number> {
  const creation = { mode: S_IFREG | 0o644, umask: 0, caller: NOBODY };
  return (await fs.mknod(parent, utf8(name), creation, 0)).ino;
}
