/**
 * The tool in `posix/`: system calls that Node does not offer, by any user, one a line.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";

const SOURCES = ["main.c", "names.c", "attributes.c", "contents.c"].map((name) =>
  fileURLToPath(new URL(`posix/${name}`, import.meta.url)),
);
const FLAGS = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"];

/** Builds the tool. @returns the program, which goes with the test */
export function buildPosixTool(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), "dvault-posix-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const program = join(directory, "posix");
  const { status, stderr } = spawnSync("cc", [...FLAGS, "-o", program, ...SOURCES]);
  if (status !== 0) throw new Error(`the posix tool cannot be built: ${stderr}`);
  return program;
}

/** The tool at work in one directory. */
export class PosixTool {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  #take: (line: string) => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor(program: string, directory: string) {
    this.#process = spawn(program, [directory], { stdio: ["pipe", "pipe", "inherit"], cwd: "/" });
    this.#lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.#lines.on("line", (line) => this.#take(line));
    this.#lines.on("close", () => this.#fail(new Error("the posix tool ended")));
  }

  /** Performs calls one after the other. @returns the answer to each */
  run(calls: readonly string[]): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const answers: string[] = [];
      if (calls.length === 0) resolve(answers);
      this.#fail = reject;
      this.#take = (line) => {
        answers.push(line);
        if (answers.length === calls.length) resolve(answers);
      };
      this.#process.stdin?.write(`${calls.join("\n")}\n`);
    });
  }

  /** Ends it, with all it has open. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin?.end();
    await ended;
  }
}
