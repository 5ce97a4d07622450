/**
 * What a command may use of the process it runs in, handed in so that tests run commands inside their own process.
 *
 * @module
 */
import type { Readable } from "node:stream";

/** An output stream and what it knows about a terminal behind it. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Surroundings of one run of the CLI. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted at Ctrl-C; long work stops at the next file or page and tidies up. */
  readonly signal: AbortSignal;
  /** Arguments that run this program again, the executable first. */
  readonly self: readonly string[];
}

/** Writes all of `bytes` and waits until the stream has taken them. */
export function writeTo(output: Output, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Writes one line for a person, prefixed with the program's name, to standard error. */
export function warn(context: Pick<CliContext, "stderr">, message: string): void {
  context.stderr.write(`dvault: ${message}\n`);
}
