/**
 * What an actor believes its directory to hold, with all contents. Each change answers the step that a history
 * remembers.
 *
 * @module
 */
import { posix } from "node:path";
import type { Entry, Step } from "./history.ts";
import { digestOf, type Survey } from "./survey.ts";

/** A file, which may have several names. */
export interface FileNode {
  readonly kind: "file";
  content: Buffer;
  /** Of the content; undefined until it is asked for. */
  digest: string | undefined;
  readonly paths: Set<string>;
}

type Node =
  | FileNode
  | { readonly kind: "directory" }
  | { readonly kind: "symlink"; readonly target: string };

export class Workspace {
  #nodes = new Map<string, Node>();

  /** Begins anew with what was found. */
  adopt({ tree, contents, inodes }: Survey): void {
    this.#nodes = new Map();
    const files = new Map<number, FileNode>();
    for (const [path, entry] of tree) {
      if (entry.kind !== "file") {
        this.#nodes.set(path, entry);
        continue;
      }
      const ino = inodes.get(path) ?? 0;
      const content = contents.get(ino) ?? Buffer.alloc(0);
      const file = files.get(ino) ?? newFile(content);
      files.set(ino, file);
      this.#put(path, file);
    }
  }

  /** Paths of one kind. */
  paths(kind: Node["kind"]): string[] {
    return [...this.#nodes].filter(([, node]) => node.kind === kind).map(([path]) => path);
  }

  has(path: string): boolean {
    return this.#nodes.has(path);
  }

  /** The file of a path that {@link Workspace.paths} gave. */
  file(path: string): FileNode {
    const node = this.#nodes.get(path);
    if (node?.kind === "file") return node;
    throw new Error(`${path} is no file`);
  }

  isEmptyDirectory(path: string): boolean {
    return ![...this.#nodes.keys()].some((other) => other.startsWith(`${path}/`));
  }

  /** Bytes of all files. */
  get bytes(): number {
    const files = new Set([...this.#nodes.values()].filter((node) => node.kind === "file"));
    return [...files].reduce((sum, { content }) => sum + content.length, 0);
  }

  /** A new file takes a name, from whatever had it. */
  place(path: string, content: Buffer): Step {
    const freed = this.#take(path);
    this.#put(path, newFile(content));
    return this.#step([path, ...freed]);
  }

  write(path: string, offset: number, bytes: Uint8Array): Step {
    const file = this.file(path);
    const end = offset + bytes.length;
    if (end > file.content.length) {
      const grown = Buffer.alloc(end);
      grown.set(file.content);
      file.content = grown;
    }
    file.content.set(bytes, offset);
    return this.#changed(file);
  }

  truncate(path: string, size: number): Step {
    const file = this.file(path);
    const content = Buffer.alloc(size);
    content.set(file.content.subarray(0, size));
    file.content = content;
    return this.#changed(file);
  }

  link(path: string, newPath: string): Step {
    const file = this.file(path);
    this.#put(newPath, file);
    return this.#step(file.paths);
  }

  mkdir(path: string): Step {
    this.#nodes.set(path, { kind: "directory" });
    return this.#step([path]);
  }

  symlink(target: string, path: string): Step {
    this.#nodes.set(path, { kind: "symlink", target });
    return this.#step([path]);
  }

  /** `unlink` or `rmdir`. */
  remove(path: string): Step {
    return this.#step([path, ...this.#take(path)]);
  }

  rename(path: string, newPath: string): Step {
    const freed = this.#take(newPath);
    const moved = [...this.#nodes.keys()].filter((one) => one === path || isBelow(one, path));
    const touched = new Set([newPath, ...freed]);
    for (const from of moved) {
      const node = this.#nodes.get(from);
      const to = newPath + from.slice(path.length);
      this.#nodes.delete(from);
      touched.add(from).add(to);
      if (node?.kind === "file") {
        node.paths.delete(from);
        this.#put(to, node);
      } else if (node !== undefined) this.#nodes.set(to, node);
    }
    return this.#step(touched);
  }

  /** Frees a name. @returns the other names of the file that had it */
  #take(path: string): readonly string[] {
    const node = this.#nodes.get(path);
    this.#nodes.delete(path);
    if (node?.kind !== "file") return [];
    node.paths.delete(path);
    return [...node.paths];
  }

  #put(path: string, file: FileNode): void {
    file.paths.add(path);
    this.#nodes.set(path, file);
  }

  #changed(file: FileNode): Step {
    file.digest = undefined;
    return this.#step(file.paths);
  }

  #step(paths: Iterable<string>): Step {
    return new Map([...paths].map((path) => [path, this.#entry(path)]));
  }

  #entry(path: string): Entry | undefined {
    const node = this.#nodes.get(path);
    if (node?.kind !== "file") return node;
    node.digest ??= digestOf(node.content);
    return { kind: "file", size: node.content.length, digest: node.digest, links: node.paths.size };
  }
}

function newFile(content: Buffer): FileNode {
  return { kind: "file", content, digest: undefined, paths: new Set() };
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory + posix.sep);
}
