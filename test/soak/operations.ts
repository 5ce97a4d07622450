/**
 * What actors do. Every change goes through one system call that happens whole or not at all, but for writes, of which
 * {@link writeSteps} knows the parts, or through a draft that a rename puts into place.
 *
 * @module
 */
import { constants } from "node:fs";
import {
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  rename,
  rmdir,
  symlink,
  truncate,
  unlink,
  writeFile,
} from "node:fs/promises";
import type { Actor } from "./actor.ts";
import type { Step } from "./history.ts";
import { DRAFT_PREFIX } from "./survey.ts";

/** An operation, and how often it is done in comparison with others. */
interface Operation {
  readonly weight: number;
  run(actor: Actor): Promise<void>;
}

/** One request of FUSE carries so much, and more. */
const WRITE_BYTES = 256 * 1024;

/** Page of the kernel's cache. */
const KERNEL_PAGE = 4096;

/** An actor keeps about so much. */
const FILES_MAX = 60;
const DIRECTORIES_MAX = 8;
const BYTES_MAX = 24 * 2 ** 20;

/** Chance that what was written is made safe at once. */
const SYNC_CHANCE = 0.15;

/** See the head of this file. */
export const OPERATIONS = {
  create: {
    weight: 8,
    run: async (actor) => {
      if (isFull(actor)) return remove(actor);
      const path = actor.freshPath();
      const absolute = actor.absolute(path);
      const step = actor.workspace.place(path, Buffer.alloc(0));
      const handle = await actor.change(step, () => open(absolute, "wx"));
      await using(handle, async () => {
        await write(actor, handle, path, { offset: 0, length: actor.someSize() });
      });
    },
  },
  overwrite: {
    weight: 14,
    run: (actor) =>
      withFile(actor, "r+", async (handle, path) => {
        const { length: size } = actor.workspace.file(path).content;
        // Sometimes behind the end, which leaves a hole.
        const offset = actor.random.below(size + (actor.isLucky(0.1) ? 200_000 : 1));
        await write(actor, handle, path, { offset, length: actor.someSize() });
      }),
  },
  append: {
    weight: 10,
    run: (actor) =>
      withFile(actor, "a", async (handle, path) => {
        const bytes = actor.someBytes(Math.min(WRITE_BYTES, actor.someSize()));
        const { length: offset } = actor.workspace.file(path).content;
        const steps = writeSteps(actor, path, offset, bytes);
        if (bytes.length > 0) await actor.change(steps, () => writeOnce(handle, bytes, null));
        actor.tally.add("bytes written", bytes.length);
        await maybeSync(actor, handle);
      }),
  },
  truncate: {
    weight: 4,
    run: async (actor) => {
      const path = actor.pick(actor.workspace.paths("file"));
      if (path === undefined) return;
      const size = actor.random.below(actor.workspace.file(path).content.length + 5000);
      const step = actor.workspace.truncate(path, size);
      await actor.change(step, () => truncate(actor.absolute(path), size));
    },
  },
  save: {
    weight: 8,
    run: (actor) =>
      replace(actor, async (draft) => {
        const content = actor.someBytes(actor.someSize());
        const handle = await open(draft, "w");
        await using(handle, async () => {
          await handle.writeFile(content);
          await maybeSync(actor, handle);
        });
        actor.tally.add("bytes written", content.length);
        return content;
      }),
  },
  copy: {
    weight: 4,
    run: async (actor) => {
      const source = actor.pick(actor.workspace.paths("file"));
      if (source === undefined || isFull(actor)) return;
      await replace(actor, async (draft) => {
        await copyFile(actor.absolute(source), draft, constants.COPYFILE_EXCL);
        return actor.workspace.file(source).content;
      });
    },
  },
  rename: {
    weight: 8,
    run: async (actor) => {
      const kind = actor.isLucky(0.2) ? "directory" : "file";
      const from = actor.pick(actor.workspace.paths(kind));
      const files = actor.workspace.paths("file");
      const over = kind === "file" && actor.isLucky(0.3) ? actor.pick(files) : undefined;
      const to = over ?? actor.freshPath();
      if (from === undefined || isWithin(to, from) || isSameFile(actor, from, over)) return;
      const step = actor.workspace.rename(from, to);
      await actor.change(step, () => rename(actor.absolute(from), actor.absolute(to)));
    },
  },
  link: {
    weight: 4,
    run: async (actor) => {
      const path = actor.pick(actor.workspace.paths("file"));
      if (path === undefined || isFull(actor)) return;
      const to = actor.freshPath();
      const step = actor.workspace.link(path, to);
      await actor.change(step, () => link(actor.absolute(path), actor.absolute(to)));
    },
  },
  symlink: {
    weight: 1,
    run: async (actor) => {
      const links = actor.workspace.paths("symlink");
      const old = links.length > 5 ? actor.pick(links) : undefined;
      if (old !== undefined) return removePath(actor, old);
      const path = actor.freshPath();
      const target = `../${actor.random.token(20)}`;
      const step = actor.workspace.symlink(target, path);
      await actor.change(step, () => symlink(target, actor.absolute(path)));
    },
  },
  remove: { weight: 5, run: remove },
  mkdir: {
    weight: 2,
    run: async (actor) => {
      if (actor.workspace.paths("directory").length >= DIRECTORIES_MAX) return;
      const path = actor.freshPath();
      await actor.change(actor.workspace.mkdir(path), () => mkdir(actor.absolute(path)));
    },
  },
  rmdir: {
    weight: 2,
    run: async (actor) => {
      const empty = actor.workspace
        .paths("directory")
        .filter((path) => actor.workspace.isEmptyDirectory(path));
      const path = actor.pick(empty);
      if (path === undefined) return;
      await actor.change(actor.workspace.remove(path), () => rmdir(actor.absolute(path)));
    },
  },
  readWhole: {
    weight: 8,
    run: (actor) =>
      withFile(actor, "r", async (handle, path) => {
        const { content } = actor.workspace.file(path);
        const found = await read(handle, 0, content.length + 1);
        actor.tally.add("bytes read", found.length);
        expectSame(found, content, path);
      }),
  },
  readSome: {
    weight: 12,
    run: (actor) =>
      withFile(actor, "r", async (handle, path) => {
        const { content } = actor.workspace.file(path);
        const at = actor.random.below(content.length + 1);
        const length = 1 + actor.random.below(100_000);
        const found = await read(handle, at, length);
        actor.tally.add("bytes read", found.length);
        expectSame(found, content.subarray(at, at + length), `${path} from ${at} on`);
      }),
  },
  /** A file without a name, which dies with its handle. */
  scratch: {
    weight: 2,
    run: async (actor) => {
      const path = draftPath(actor);
      const content = actor.someBytes(actor.someSize());
      const handle = await open(path, "wx+");
      await using(handle, async () => {
        await unlink(path);
        await handle.writeFile(content);
        await maybeSync(actor, handle);
        const found = await read(handle, 0, content.length + 1);
        expectSame(found, content, "a file without a name");
      });
    },
  },
  syncDirectory: {
    weight: 2,
    run: async (actor) => {
      const path = actor.pick(["", ...actor.workspace.paths("directory")]) as string;
      const handle = await open(actor.absolute(path), "r");
      await using(handle, () => actor.sync(handle));
    },
  },
  /** A file that was never there is missed. */
  miss: {
    weight: 1,
    run: async (actor) => {
      const path = actor.absolute(actor.freshPath());
      const outcome = await writeFile(path, "", { flag: "r+" }).catch((error: unknown) => error);
      const { code } = (outcome ?? {}) as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      throw outcome instanceof Error ? outcome : new Error(`${path} is there`);
    },
  },
} satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;

/** A part of a file. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Writes by calls that fit into a request. */
async function write(actor: Actor, handle: FileHandle, path: string, place: Place): Promise<void> {
  const { offset, length } = place;
  for (let done = 0; done < length; done += WRITE_BYTES) {
    const bytes = actor.someBytes(Math.min(WRITE_BYTES, length - done));
    const steps = writeSteps(actor, path, offset + done, bytes);
    await actor.change(steps, () => writeOnce(handle, bytes, offset + done));
  }
  actor.tally.add("bytes written", length);
  await maybeSync(actor, handle);
}

/**
 * What one `write(2)` does. When it begins inside of a page that the kernel does not have, that page goes out as a request
 * of its own (`fuse_fill_write_pages`: only a page filled whole, or known already, is followed by others), and a commit
 * may fall between the two. What follows begins at a page, and is one request.
 */
function writeSteps(actor: Actor, path: string, offset: number, bytes: Buffer): readonly Step[] {
  const head = (KERNEL_PAGE - (offset % KERNEL_PAGE)) % KERNEL_PAGE;
  const parts = [bytes.subarray(0, head), bytes.subarray(head)].filter((part) => part.length > 0);
  let at = offset;
  return parts.map((part) => {
    const step = actor.workspace.write(path, at, part);
    at += part.length;
    return step;
  });
}

/** @throws Error also when only a part was written, with the reason for it if there is one */
async function writeOnce(
  handle: FileHandle,
  bytes: Buffer,
  position: number | null,
): Promise<void> {
  const { bytesWritten } = await handle.write(bytes, 0, bytes.length, position);
  if (bytesWritten === bytes.length) return;
  await handle.write(bytes.subarray(bytesWritten), 0, undefined, null);
  throw new Error(`${bytesWritten} of ${bytes.length} bytes written`);
}

/**
 * Reads up to the end of a file: a call that brings less may hide an error, which the next one tells. Node's `readFile`
 * takes it for the end.
 */
async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  for (let got = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, got, length - got, position + got);
    if (bytesRead === 0) return buffer.subarray(0, got);
    got += bytesRead;
  }
}

async function maybeSync(actor: Actor, handle: FileHandle): Promise<void> {
  if (actor.isLucky(SYNC_CHANCE)) await actor.sync(handle);
}

/** Makes a draft and gives it a name, over another file or a fresh one. */
async function replace(actor: Actor, make: (draft: string) => Promise<Buffer>): Promise<void> {
  const isOver = isFull(actor) || actor.isLucky(0.6);
  const path =
    (isOver ? actor.pick(actor.workspace.paths("file")) : undefined) ?? actor.freshPath();
  const draft = draftPath(actor);
  const content = Buffer.from(await make(draft));
  const step = actor.workspace.place(path, content);
  await actor.change(step, () => rename(draft, actor.absolute(path)));
}

function draftPath(actor: Actor): string {
  return actor.absolute(`${DRAFT_PREFIX}${actor.random.token(12)}`);
}

async function withFile(
  actor: Actor,
  flags: string,
  work: (handle: FileHandle, path: string) => Promise<void>,
): Promise<void> {
  const path = actor.pick(actor.workspace.paths("file"));
  if (path === undefined) return;
  const handle = await open(actor.absolute(path), flags);
  await using(handle, () => work(handle, path));
}

/** Closes a handle whatever happens; what happened counts. */
async function using(handle: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
  await handle.close();
}

async function remove(actor: Actor): Promise<void> {
  const path = actor.pick(actor.workspace.paths("file"));
  if (path !== undefined) await removePath(actor, path);
}

async function removePath(actor: Actor, path: string): Promise<void> {
  await actor.change(actor.workspace.remove(path), () => unlink(actor.absolute(path)));
}

function isFull({ workspace }: Actor): boolean {
  return workspace.paths("file").length >= FILES_MAX || workspace.bytes > BYTES_MAX;
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Renaming one name of a file to another of its names does nothing (rename(2)). */
function isSameFile({ workspace }: Actor, from: string, over: string | undefined): boolean {
  return over !== undefined && workspace.file(over) === workspace.file(from);
}

function expectSame(found: Buffer, expected: Buffer, what: string): void {
  if (found.equals(expected)) return;
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  throw new Error(
    `${what} is wrong: ${found.length} bytes, not ${expected.length}; they differ at ${at}`,
  );
}
