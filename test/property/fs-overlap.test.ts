import fc from "fast-check";
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { FsError } from "../../src/core/base/errors.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFREG,
} from "../../src/core/fs/file-system.ts";
import { audit } from "../support/audit.ts";
import { MemoryVault } from "../support/memory-vault.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { creation, newFileSystem, readBytes } from "../support/test-file-system.ts";

const RUNS = Number(process.env.FC_RUNS ?? 40);
const STEPS = Number(process.env.FC_STEPS ?? 60);
const PAGE = 65_536;

/** One call; files and directories are picked by number among those that were made, whether or not they still are. */
interface Call {
  readonly op: keyof typeof CALLS;
  readonly ino: number;
  readonly other: number;
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  /** Whether everything begun so far is awaited first. */
  readonly waits: boolean;
}

const CALLS = {
  mknod: (fs: FileSystem, { other, name }: Call) =>
    fs.mknod(other, utf8(name), creation(S_IFREG | 0o600), 0),
  mkdir: (fs: FileSystem, { other, name }: Call) => fs.mkdir(other, utf8(name), creation(0o700)),
  tmpfile: (fs: FileSystem, { other }: Call) => fs.tmpfile(other, creation(S_IFREG | 0o600)),
  link: (fs: FileSystem, { ino, other, name }: Call) => fs.link(ino, other, utf8(name)),
  unlink: (fs: FileSystem, { other, name }: Call) => fs.unlink(other, utf8(name)),
  rmdir: (fs: FileSystem, { other, name }: Call) => fs.rmdir(other, utf8(name)),
  rename: (fs: FileSystem, { ino, other, name }: Call) =>
    fs.rename({ parent: ino, name: utf8(name) }, { parent: other, name: utf8("r") }, "replace"),
  retain: (fs: FileSystem, { ino }: Call) => fs.retain(ino),
  forget: (fs: FileSystem, { ino }: Call) => fs.forget(ino, 1),
  write: (fs: FileSystem, { ino, offset, length }: Call) =>
    fs.write(ino, offset, new Uint8Array(length + 1).fill((offset % 255) + 1)),
  read: (fs: FileSystem, { ino, offset, length }: Call) => readBytes(fs, ino, offset, length),
  truncate: (fs: FileSystem, { ino, offset }: Call) => fs.setattr(ino, { size: offset }),
  punch: (fs: FileSystem, { ino, offset, length }: Call) =>
    fs.fallocate(ino, offset, length + 1, { operation: "punch-hole", keepSize: true }),
  allocate: (fs: FileSystem, { ino, offset, length }: Call) =>
    fs.fallocate(ino, offset, length + 1, { operation: "allocate", keepSize: false }),
  copy: (fs: FileSystem, { ino, other, offset, length }: Call) =>
    fs.copyFileRange({ ino, offset }, { ino: other, offset: 0 }, length + 1),
  setxattr: (fs: FileSystem, { ino, name, length }: Call) =>
    fs.setxattr(ino, utf8(name), new Uint8Array(length % PAGE), "set"),
  removexattr: (fs: FileSystem, { ino, name }: Call) => fs.removexattr(ino, utf8(name)),
  fsync: (fs: FileSystem, { ino }: Call) => fs.fsync(ino),
} satisfies Record<string, (fs: FileSystem, call: Call) => unknown>;

const bytes = fc.oneof(
  fc.constantFrom(0, 1000, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE),
  fc.integer({ min: 0, max: 4 * PAGE }),
);

const call: fc.Arbitrary<Call> = fc.record({
  op: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
  ino: fc.nat(3),
  other: fc.nat(3),
  name: fc.constantFrom("a", "b", "c"),
  offset: bytes,
  length: bytes,
  waits: fc.nat(5).map((n) => n === 0),
});

/** Inodes that were made, files and directories, newest first. */
interface Made {
  readonly files: number[];
  readonly directories: number[];
}

/** Begins a call; refusals are all right, other errors are not. */
async function begin(fs: FileSystem, made: Made, call: Call): Promise<void> {
  const { files, directories } = made;
  const inodes = call.op === "rename" ? directories : files;
  const others = call.op === "copy" ? files : directories;
  const ino = inodes[call.ino % inodes.length] ?? 99;
  const other = others[call.other % others.length] ?? 99;
  try {
    const answer = await CALLS[call.op](fs, { ...call, ino, other });
    if (call.op === "mknod" || call.op === "tmpfile") files.unshift((answer as Attributes).ino);
    if (call.op === "mkdir") directories.push((answer as Attributes).ino);
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
  }
}

async function overlap(calls: readonly Call[], seed: number, draftBytes: number): Promise<void> {
  const vault = new MemoryVault({ faultRate: 0.3, random: seededRandom(seed) });
  const fs = await newFileSystem(vault, { draftBytes });
  const made: Made = { files: [], directories: [ROOT_INO] };
  let begun: Promise<void>[] = [];
  for (const call of calls) {
    if (call.waits) {
      await Promise.all(begun);
      begun = [];
    }
    begun.push(begin(fs, made, call));
  }
  await Promise.all(begun);
  const contents = await contentsOf(fs, made);
  await fs.syncfs();
  expectSame(await contentsOf(fs, made), contents);
  const next = new MemoryVault({}, vault.committed);
  const again = await newFileSystem(next);
  await again.reclaimOrphans();
  await again.syncfs();
  const faults = [...audit(vault), ...audit(next)];
  if (faults.length > 0) throw new Error(faults.join("; "));
}

async function contentsOf(fs: FileSystem, made: Made): Promise<(Buffer | undefined)[]> {
  const contents: (Buffer | undefined)[] = [];
  for (const ino of made.files) contents.push(await contentOf(fs, ino).catch(() => undefined));
  return contents;
}

/** What nobody refers to any more can be read for a while, but is gone. */
async function contentOf(fs: FileSystem, ino: number): Promise<Buffer> {
  await fs.getattr(ino);
  return readBytes(fs, ino);
}

function expectSame(after: readonly (Buffer | undefined)[], before: typeof after): void {
  for (const [i, content] of before.entries()) {
    const other = after[i];
    const isSame = content === other || (content && other?.equals(content));
    if (!isSame) throw new Error(`a commit changed the content of file ${i}`);
  }
}

t.test("calls that overlap leave everything consistent", async (t) => {
  const property = fc.asyncProperty(
    fc.array(call, { maxLength: STEPS, size: "max" }),
    fc.integer(),
    fc.constantFrom(2 * PAGE, 1000 * PAGE),
    overlap,
  );
  await t.resolves(fc.assert(property, { numRuns: RUNS }));
});
