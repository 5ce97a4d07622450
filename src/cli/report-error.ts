/**
 * Turns a failure into the one line a person reads.
 *
 * @module
 */
import { DvaultError, FsError } from "../core/base/errors.ts";
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
  if (error instanceof DvaultError && error.message !== error.code) return error.message;
  const subject = isSystemError(error) && error.path !== undefined ? `${String(error.path)}: ` : "";
  return subject + reasonOf(error);
}

/** What went wrong, in words, without what it went wrong with. */
export function reasonOf(error: unknown): string {
  if (error instanceof FsError || isSystemError(error)) return errnoWords(error.code);
  return error instanceof Error ? error.message : String(error);
}

/** An error of a system call. */
export function isSystemError(error: unknown): error is SystemCallError {
  const { syscall, code } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof Error && syscall !== undefined && code !== undefined;
}

/** As Node throws them, and the native shim. */
export type SystemCallError = NodeJS.ErrnoException & { readonly code: string };
