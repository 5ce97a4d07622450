/**
 * What a file system must hold after some operations: immutable, so that every moment of a history can be kept.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Arguments, contentOf, type Operation } from "./operations.ts";

/** Something with a name, or several. */
type Inode =
  | { readonly kind: "file"; readonly content: Buffer; readonly tag: string }
  | { readonly kind: "directory" }
  | { readonly kind: "symlink"; readonly target: string };

/** What there is after an operation; undefined when it is refused. */
type Outcome = Model | undefined;

type File = Extract<Inode, { readonly kind: "file" }>;

/** How one name looks, for portraits. */
export interface Appearance {
  readonly path: string;
  readonly kind: Inode["kind"];
  /** Names the same file has; 1 for directories. */
  readonly links: number;
  /** Content of a file, target of a symbolic link. */
  readonly content: Uint8Array;
  readonly tag: string;
}

/** Everything a file system holds in one string, a line for each name. */
export function portrait(appearances: readonly Appearance[]): string {
  const lines = appearances.map(({ path, kind, links, content, tag }) => {
    return `${path} ${kind} ${links} ${content.length} ${digestOf(content)} ${tag}`;
  });
  return lines.sort().join("\n");
}

const digests = new WeakMap<Uint8Array, string>();

function digestOf(content: Uint8Array): string {
  const known = digests.get(content);
  if (known !== undefined) return known;
  const digest = createHash("sha1").update(content).digest("base64url");
  digests.set(content, digest);
  return digest;
}

/** See the head of this file. */
export class Model {
  readonly #names: ReadonlyMap<string, number>;
  readonly #inodes: ReadonlyMap<number, Inode>;
  #portrait: string | undefined;

  private constructor(names: ReadonlyMap<string, number>, inodes: ReadonlyMap<number, Inode>) {
    this.#names = names;
    this.#inodes = inodes;
  }

  /** What there is after operations; those that are refused change nothing. */
  static of(operations: readonly Operation[]): Model {
    const empty = new Model(new Map(), new Map());
    return operations.reduce((model: Model, next) => model.after(next) ?? model, empty);
  }

  /** As {@link portrait} of what is there. */
  get portrait(): string {
    this.#portrait ??= portrait(
      [...this.#names].map(([path, id]) => {
        const inode = this.#inodes.get(id) as Inode;
        return { path, links: this.#linksOf(id, inode), ...looksOf(inode) };
      }),
    );
    return this.#portrait;
  }

  #linksOf(id: number, { kind }: Inode): number {
    if (kind === "directory") return 1;
    return [...this.#names.values()].filter((other) => other === id).length;
  }

  /** What there is after an operation; undefined when it is refused. */
  after(operation: Operation): Model | undefined {
    if ("path" in operation && !this.#hasParent(operation.path)) return undefined;
    const change = Model.#CHANGES[operation.do] as (model: Model, taken: Operation) => Outcome;
    return change(this, operation);
  }

  static readonly #CHANGES: {
    readonly [Name in keyof Arguments]: (model: Model, taken: Arguments[Name]) => Outcome;
  } = {
    create: (model, { path }) =>
      model.#make(path, { kind: "file", content: Buffer.alloc(0), tag: "" }),
    write: (model, piece) =>
      model.#fill(piece.path, (content) => spliced(content, piece.offset, contentOf(piece))),
    append: (model, piece) =>
      model.#fill(piece.path, (content) => spliced(content, content.length, contentOf(piece))),
    truncate: (model, { path, size }) => model.#fill(path, (content) => resized(content, size)),
    rename: (model, { path, to }) => model.#rename(path, to),
    link: (model, { path, to }) => model.#link(path, to),
    copy: (model, { path, to }) => {
      const source = model.#file(path);
      if (source === undefined || source === model.#file(to)) return undefined;
      return model.#fill(to, (content) => spliced(content, 0, source.content));
    },
    symlink: (model, { path, target }) => model.#make(path, { kind: "symlink", target }),
    tag: (model, { path, value }) => model.#change(path, (file) => ({ ...file, tag: value })),
    unlink: (model, { path }) => model.#remove(path, ["file", "symlink"]),
    mkdir: (model, { path }) => model.#make(path, { kind: "directory" }),
    rmdir: (model, { path }) => model.#remove(path, ["directory"]),
    hold: (model, { path }) => model.#change(path, (file) => file),
    fsync: (model) => model,
  };

  #inode(path: string): Inode | undefined {
    const id = this.#names.get(path);
    return id === undefined ? undefined : this.#inodes.get(id);
  }

  #file(path: string): File | undefined {
    const inode = this.#inode(path);
    return inode?.kind === "file" ? inode : undefined;
  }

  #hasParent(path: string): boolean {
    const slash = path.lastIndexOf("/");
    return slash < 0 || this.#inode(path.slice(0, slash))?.kind === "directory";
  }

  #make(path: string, inode: Inode): Outcome {
    if (this.#names.has(path)) return undefined;
    const id = Math.max(0, ...this.#inodes.keys()) + 1;
    return new Model(new Map(this.#names).set(path, id), new Map(this.#inodes).set(id, inode));
  }

  #change(path: string, change: (file: File) => File): Outcome {
    const file = this.#file(path);
    if (file === undefined) return undefined;
    const id = this.#names.get(path) as number;
    return new Model(this.#names, new Map(this.#inodes).set(id, change(file)));
  }

  #fill(path: string, change: (content: Buffer) => Buffer): Outcome {
    return this.#change(path, (file) => ({ ...file, content: change(file.content) }));
  }

  #link(path: string, to: string): Outcome {
    const id = this.#names.get(path);
    if (this.#file(path) === undefined || id === undefined) return undefined;
    if (this.#names.has(to) || !this.#hasParent(to)) return undefined;
    return new Model(new Map(this.#names).set(to, id), this.#inodes);
  }

  #remove(path: string, kinds: readonly Inode["kind"][]): Outcome {
    const inode = this.#inode(path);
    if (inode === undefined || !kinds.includes(inode.kind) || !this.#isEmpty(path))
      return undefined;
    const names = new Map(this.#names);
    names.delete(path);
    return new Model(names, this.#inodes);
  }

  #isEmpty(path: string): boolean {
    return ![...this.#names.keys()].some((other) => other.startsWith(`${path}/`));
  }

  #rename(path: string, to: string): Outcome {
    const moved = this.#inode(path);
    const replaced = this.#inode(to);
    if (moved === undefined || !this.#hasParent(to) || to.startsWith(`${path}/`)) return undefined;
    if (this.#names.get(path) === this.#names.get(to)) return this;
    if (replaced !== undefined) {
      const isSameKind = (moved.kind === "directory") === (replaced.kind === "directory");
      if (!isSameKind || !this.#isEmpty(to)) return undefined;
    }
    const names = new Map<string, number>();
    for (const [name, id] of this.#names) {
      if (name === path || name.startsWith(`${path}/`)) names.set(to + name.slice(path.length), id);
      else if (name !== to) names.set(name, id);
    }
    return new Model(names, this.#inodes);
  }
}

function looksOf(inode: Inode): Omit<Appearance, "path" | "links"> {
  const { kind } = inode;
  if (kind === "file") return { kind, content: inode.content, tag: inode.tag };
  const content = kind === "symlink" ? Buffer.from(inode.target) : Buffer.alloc(0);
  return { kind, content, tag: "" };
}

function resized(content: Buffer, size: number): Buffer {
  const other = Buffer.alloc(size);
  other.set(content.subarray(0, size));
  return other;
}

function spliced(content: Buffer, offset: number, bytes: Uint8Array): Buffer {
  const other = resized(content, Math.max(content.length, offset + bytes.length));
  other.set(bytes, offset);
  return other;
}
