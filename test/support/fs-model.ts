/**
 * Makes the same calls to a file system over a vault and to one in memory, and compares what they answer.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { utf8 } from "../../src/core/base/bytes.ts";
import type { MaybePromise } from "../../src/core/base/maybe-promise.ts";
import {
  type Attributes,
  ROOT_INO,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from "../../src/core/fs/file-system.ts";
import type { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import type { MemoryFileSystem } from "./memory-file-system.ts";
import { codeOf, creation, namesIn, readBytes } from "./test-file-system.ts";

/** One call; each uses the arguments it needs. Inodes are picked by number among those of the right type. */
export interface Call {
  readonly op: keyof typeof OPERATIONS;
  readonly inode: number;
  readonly directory: number;
  readonly other: number;
  readonly name: string;
  readonly otherName: string;
  readonly offset: number;
  readonly otherOffset: number;
  readonly length: number;
  readonly variant: number;
}

/** The same inode in both. */
interface Pair {
  readonly real: number;
  readonly model: number;
  readonly type: number;
}

const CALLER = { uid: 7, gid: 8 };

/** See the head of this file. */
export class FsModel {
  readonly model: MemoryFileSystem;
  fs: VaultFileSystem;
  readonly #reopen: () => Promise<VaultFileSystem>;
  #commits: MaybePromise<void>[] = [];
  #pairs: Pair[] = [{ real: ROOT_INO, model: ROOT_INO, type: S_IFDIR }];

  /** @param reopen - commits, and gives a fresh file system over the same vault */
  constructor(
    fs: VaultFileSystem,
    model: MemoryFileSystem,
    reopen: () => Promise<VaultFileSystem>,
  ) {
    this.fs = fs;
    this.model = model;
    this.#reopen = reopen;
  }

  /** @throws Error when the two disagree */
  async run(call: Call): Promise<void> {
    const touched = await OPERATIONS[call.op](this, call);
    for (const pair of touched) if (pair !== undefined) await this.compare(pair);
    await this.#forgetGone();
    // Lets a commit go on between calls, sometimes.
    if (call.variant % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** @throws Error when the two disagree about anything */
  async compareAll(): Promise<void> {
    for (const pair of this.#pairs) await this.compare(pair);
  }

  /** The n-th of the inodes that there are, of one type or of any. */
  pick(n: number, type?: number): Pair | undefined {
    const fitting = this.#pairs.filter((pair) => type === undefined || pair.type === type);
    return fitting[n % Math.max(fitting.length, 1)];
  }

  add(real: Attributes, model: Attributes): Pair {
    const known = this.#pairs.find((pair) => pair.real === real.ino);
    const pair = known ?? { real: real.ino, model: model.ino, type: real.mode & S_IFMT };
    if (known === undefined) this.#pairs.push(pair);
    return pair;
  }

  /** Makes a call on both. @returns both answers, or undefined when both refused */
  async both<R, M>(
    real: () => R,
    model: () => M,
  ): Promise<{ real: Awaited<R>; model: Awaited<M> } | undefined> {
    let answers: { real: Awaited<R>; model: Awaited<M> } | undefined;
    let answer: Awaited<R>;
    const realCode = await codeOf(async () => {
      answer = await real();
    });
    const modelCode = await codeOf(async () => {
      const expected = await model();
      answers = { real: answer, model: expected };
    });
    if ((realCode === undefined) !== (modelCode === undefined)) {
      throw new Error(`it ended with ${realCode ?? "success"}, not ${modelCode ?? "success"}`);
    }
    return answers;
  }

  async compare(pair: Pair): Promise<void> {
    const attributes = await this.both(
      () => this.fs.getattr(pair.real),
      () => this.model.getattr(pair.model),
    );
    if (attributes === undefined) return;
    expectEqual(statusOf(attributes.real), statusOf(attributes.model), `status of ${pair.real}`);
    if (pair.type === S_IFDIR) await this.#compareNames(pair);
    if (pair.type === S_IFREG) {
      const real = await readBytes(this.fs, pair.real);
      const model = await readBytes(this.model, pair.model);
      if (!real.equals(model)) throw new Error(`content of ${pair.real} differs`);
    }
    await this.#compareXattrs(pair);
  }

  async #compareNames(pair: Pair): Promise<void> {
    const real = await namesIn(this.fs, pair.real, 3);
    if (this.model.getattr(pair.model).nlink === 0) return;
    const model = await namesIn(this.model, pair.model);
    expectEqual(real, model.sort(), `names in ${pair.real}`);
  }

  async #compareXattrs(pair: Pair): Promise<void> {
    const names = await this.fs.listxattr(pair.real);
    const expected = this.model.listxattr(pair.model).map((name) => `${Buffer.from(name)}`);
    expectEqual(
      names.map((name) => `${Buffer.from(name)}`),
      expected.sort(),
      "names of xattrs",
    );
    for (const name of names) {
      const real = await this.fs.getxattr(pair.real, name);
      const model = this.model.getxattr(pair.model, name);
      expectEqual(
        real && `${Buffer.from(real)}`,
        model && `${Buffer.from(model)}`,
        `an xattr of ${pair.real}`,
      );
    }
  }

  /** What the model no longer has must be gone from the other too. */
  async #forgetGone(): Promise<void> {
    const kept: Pair[] = [];
    for (const pair of this.#pairs) {
      const isGone = (await codeOf(() => this.model.getattr(pair.model))) !== undefined;
      if (!isGone) kept.push(pair);
      else if ((await codeOf(() => this.fs.getattr(pair.real))) !== "ENOENT") {
        throw new Error(`inode ${pair.real} is still there`);
      }
    }
    this.#pairs = kept;
  }

  /** Begins a commit, which ends whenever it does. */
  beginCommit(): void {
    this.#commits.push(this.fs.syncfs());
  }

  /** Another session begins: no references are left, and what has no name goes. */
  async reopen(): Promise<void> {
    await Promise.all(this.#commits);
    this.#commits = [];
    this.fs = await this.#reopen();
    for (const pair of this.#pairs) {
      this.model.forget(pair.model, this.model.references().get(pair.model) ?? 1);
    }
    await this.fs.reclaimOrphans();
    await this.#forgetGone();
    await this.compareAll();
  }
}

function statusOf(attributes: Attributes): object {
  const { mode, nlink, uid, gid, size } = attributes;
  return { mode, nlink, uid, gid, size: (mode & S_IFMT) === S_IFDIR ? 0 : size };
}

function expectEqual(real: unknown, model: unknown, what: string): void {
  if (isDeepStrictEqual(real, model)) return;
  throw new Error(`${what}: ${JSON.stringify(real)}, not ${JSON.stringify(model)}`);
}

type Operation = (models: FsModel, call: Call) => Promise<readonly (Pair | undefined)[]>;

/** A call that makes an inode in a directory. */
function making(
  make: (fs: VaultFileSystem | MemoryFileSystem, parent: number, call: Call) => unknown,
): Operation {
  return async (models, call) => {
    const directory = models.pick(call.directory, S_IFDIR) as Pair;
    if (models.model.getattr(directory.model).nlink === 0) return [];
    const made = await models.both(
      () => make(models.fs, directory.real, call) as Attributes,
      () => make(models.model, directory.model, call) as Attributes,
    );
    return [directory, made && models.add(made.real, made.model)];
  };
}

/** A call on one inode, of one type or of any. */
function changing(
  type: number | undefined,
  change: (fs: VaultFileSystem | MemoryFileSystem, ino: number, call: Call) => unknown,
): Operation {
  return async (models, call) => {
    const pair = models.pick(call.inode, type);
    if (pair === undefined) return [];
    await models.both(
      () => change(models.fs, pair.real, call),
      () => change(models.model, pair.model, call),
    );
    return [pair];
  };
}

/** A call that takes a name away. */
function removing(
  remove: (fs: VaultFileSystem | MemoryFileSystem, parent: number, call: Call) => unknown,
): Operation {
  return async (models, call) => {
    const directory = models.pick(call.directory, S_IFDIR) as Pair;
    await models.both(
      () => remove(models.fs, directory.real, call),
      () => remove(models.model, directory.model, call),
    );
    return [directory];
  };
}

const RENAME_MODES = ["replace", "no-replace", "exchange"] as const;
const ALLOCATIONS = ["allocate", "punch-hole", "zero-range"] as const;
const XATTR_MODES = ["set", "create", "replace"] as const;

function xattrName(call: Call): Uint8Array {
  return utf8(`user.${call.name}`).subarray(0, 255);
}

function bytesOf(call: Call): Uint8Array {
  const bytes = new Uint8Array(call.length + 1).fill(call.variant);
  for (let i = 0; i < bytes.length; i += 251) bytes[i] = i + call.offset;
  return bytes;
}

const OPERATIONS = {
  mknod: making((fs, parent, call) =>
    fs.mknod(parent, utf8(call.name), { ...creation(S_IFREG | 0o666, 0o22), caller: CALLER }, 0),
  ),
  mkdir: making((fs, parent, call) => {
    const mode = call.variant % 3 === 0 ? 0o2775 : 0o755;
    return fs.mkdir(parent, utf8(call.name), { ...creation(mode, 0o22), caller: CALLER });
  }),
  symlink: making((fs, parent, call) =>
    fs.symlink(parent, utf8(call.name), utf8(`/${call.otherName}`), CALLER),
  ),
  tmpfile: making((fs, parent) => fs.tmpfile(parent, creation(S_IFREG | 0o600))),
  link: async (models: FsModel, call: Call) => {
    const file = models.pick(call.inode);
    const directory = models.pick(call.directory, S_IFDIR);
    if (file === undefined || directory === undefined) return [];
    if (models.model.getattr(file.model).nlink === 0) return [];
    await models.both(
      () => models.fs.link(file.real, directory.real, utf8(call.name)),
      () => models.model.link(file.model, directory.model, utf8(call.name)),
    );
    return [file, directory];
  },
  unlink: removing((fs, parent, call) => fs.unlink(parent, utf8(call.name))),
  rmdir: removing((fs, parent, call) => fs.rmdir(parent, utf8(call.name))),
  rename: async (models: FsModel, call: Call) => {
    const from = models.pick(call.directory, S_IFDIR) as Pair;
    const to = models.pick(call.other, S_IFDIR) as Pair;
    const name = utf8(call.name);
    const toName = utf8(call.otherName);
    const mode = RENAME_MODES[call.variant % 3] as (typeof RENAME_MODES)[number];
    if (models.model.getattr(to.model).nlink === 0) return [];
    await models.both(
      () => models.fs.rename({ parent: from.real, name }, { parent: to.real, name: toName }, mode),
      () =>
        models.model.rename({ parent: from.model, name }, { parent: to.model, name: toName }, mode),
    );
    return [from, to];
  },
  retain: changing(undefined, (fs, ino) => fs.retain(ino)),
  forget: async (models: FsModel, call: Call) => {
    const pair = models.pick(call.inode);
    if (pair === undefined || models.model.references().get(pair.model) === undefined) return [];
    await models.fs.forget(pair.real, 1);
    models.model.forget(pair.model, 1);
    return [];
  },
  write: changing(S_IFREG, async (fs, ino, call) => {
    const data = bytesOf(call);
    const written = fs.write(ino, call.offset, data);
    data.fill(0xee);
    return await written;
  }),
  read: async (models: FsModel, call: Call) => {
    const pair = models.pick(call.inode, S_IFREG);
    if (pair === undefined) return [];
    const real = await readBytes(models.fs, pair.real, call.offset, call.length);
    const model = await readBytes(models.model, pair.model, call.offset, call.length);
    if (!real.equals(model)) throw new Error(`reading ${pair.real} differs`);
    return [];
  },
  truncate: changing(S_IFREG, (fs, ino, call) => fs.setattr(ino, { size: call.offset })),
  fallocate: changing(S_IFREG, (fs, ino, call) => {
    const operation = ALLOCATIONS[call.variant % 3] as (typeof ALLOCATIONS)[number];
    const keepSize = operation === "punch-hole" || call.variant % 2 === 0;
    return fs.fallocate(ino, call.offset, call.length + 1, { operation, keepSize });
  }),
  copy: async (models: FsModel, call: Call) => {
    const from = models.pick(call.inode, S_IFREG);
    const to = models.pick(call.other, S_IFREG);
    const { offset, otherOffset } = call;
    const length = call.length + 1;
    if (from === undefined || to === undefined) return [];
    if (from === to && Math.abs(offset - otherOffset) < length) return [];
    await models.both(
      () =>
        models.fs.copyFileRange(
          { ino: from.real, offset },
          { ino: to.real, offset: otherOffset },
          length,
        ),
      () =>
        models.model.getattr(from.model).size <= offset ||
        models.model.copyFileRange(
          { ino: from.model, offset },
          { ino: to.model, offset: otherOffset },
          length,
        ),
    );
    return [from, to];
  },
  seek: async (models: FsModel, call: Call) => {
    const pair = models.pick(call.inode, S_IFREG);
    if (pair === undefined) return [];
    const content = await readBytes(models.model, pair.model);
    if (call.offset >= content.length) return [];
    let data = content.length;
    const code = await codeOf(async () => {
      data = await models.fs.lseek(pair.real, call.offset, "data");
    });
    if (code !== undefined && code !== "ENXIO") throw new Error(`lseek ended with ${code}`);
    const hole = await models.fs.lseek(pair.real, call.offset, "hole");
    if (content.subarray(call.offset, data).some((byte) => byte !== 0))
      throw new Error("data was passed over");
    if (content.subarray(hole, hole + 1).some((byte) => byte !== 0))
      throw new Error("a hole is not zero");
    return [];
  },
  chmod: changing(undefined, (fs, ino, call) =>
    fs.setattr(ino, {
      mode: call.variant & 0o7777,
      uid: call.length,
      ...(call.variant % 2 === 0 && {
        killPrivileges: call.variant % 4 === 0 ? "member" : "outsider",
      }),
    }),
  ),
  setxattr: changing(undefined, (fs, ino, call) => {
    const mode = XATTR_MODES[call.variant % 3] as (typeof XATTR_MODES)[number];
    return fs.setxattr(ino, xattrName(call), bytesOf(call).subarray(0, 65_536), mode);
  }),
  removexattr: changing(undefined, (fs, ino, call) => fs.removexattr(ino, xattrName(call))),
  fsync: changing(undefined, (fs, ino) => fs.fsync(ino)),
  // Calls go on while a commit is made.
  commit: async (models: FsModel) => {
    models.beginCommit();
    return [];
  },
  reopen: async (models: FsModel) => {
    await models.reopen();
    return [];
  },
} satisfies Record<string, Operation>;

/** What {@link Call.op} may be. */
export const OPERATION_NAMES = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];
