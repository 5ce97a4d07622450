/**
 * Turns a failure into the one line a person reads.
 *
 * @module
 */
import { DvaultError } from "../core/base/errors.ts";
import { type CliContext, warn } from "./context.ts";
import { errnoWords } from "./errno-words.ts";
import { printable } from "./output/human.ts";

/** Prints `dvault: …`, one line; the stack too when DVAULT_DEBUG is 1. */
export function reportError(context: Pick<CliContext, "stderr" | "env">, error: unknown): void {
  warn(context, printable(describeError(error)));
  if (context.env.DVAULT_DEBUG === "1" && error instanceof Error) {
    context.stderr.write(`${error.stack ?? ""}\n`);
    if (error.cause !== undefined) context.stderr.write(`caused by ${String(error.cause)}\n`);
  }
}

/** What went wrong, in words, without the prefix. */
export function describeError(error: unknown): string {
  if (error instanceof DvaultError)
    return error.message === error.code ? errnoWords(error.code) : error.message;
  if (isSystemError(error)) {
    const subject = error.path === undefined ? "" : `${String(error.path)}: `;
    return `${subject}${errnoWords(error.code)}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** An error of a system call made by Node. */
export function isSystemError(
  error: unknown,
): error is NodeJS.ErrnoException & { readonly code: string } {
  return (
    error instanceof Error &&
    "syscall" in error &&
    typeof (error as NodeJS.ErrnoException).code === "string"
  );
}
