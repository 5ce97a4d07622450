/**
 * Surroundings for commands that run inside a test: output is kept, nothing is a terminal.
 *
 * @module
 */
import { PassThrough, Writable } from "node:stream";
import type { CliContext, Output } from "../../src/cli/context.ts";

/** A context and what was written to it. */
export interface TestContext extends CliContext {
  readonly out: () => string;
  readonly err: () => string;
  readonly outBytes: () => Buffer;
}

export function testContext(
  env: Readonly<Record<string, string>> = {},
  signal: AbortSignal = new AbortController().signal,
  input: Uint8Array = new Uint8Array(0),
): TestContext {
  const stdout = new Sink();
  const stderr = new Sink();
  const stdin = new PassThrough();
  stdin.end(input);
  return {
    env,
    stdin,
    stdout: stdout as Output,
    stderr: stderr as Output,
    signal,
    self: [],
    out: () => stdout.bytes().toString(),
    err: () => stderr.bytes().toString(),
    outBytes: () => stdout.bytes(),
  };
}

class Sink extends Writable {
  readonly #chunks: Buffer[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }
}
