/**
 * Secrets out of files, descriptors, commands and the environment.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { UsageError } from "../../core/base/errors.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import { SecretBuilder } from "./secret-builder.ts";

/** Reads a file whole. */
export function readSecretFile(path: string, warnOf: (problem: string) => void): SecretBuilder {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    const { mode } = fstatSync(fd);
    const isOpenToOthers = (mode & constants.S_IFMT) === constants.S_IFREG && (mode & 0o077) !== 0;
    if (isOpenToOthers) warnOf(`${path} can be read by others; run chmod 600 on it`);
    return readSecretDescriptor(fd);
  } finally {
    closeSync(fd);
  }
}

/** Reads a descriptor to its end. */
export function readSecretDescriptor(fd: number): SecretBuilder {
  const secret = new SecretBuilder();
  const chunk = Buffer.allocUnsafeSlow(4096);
  for (;;) {
    const length = readSome(fd, chunk);
    if (length === 0) return secret;
    secret.drain(chunk.subarray(0, length));
  }
}

/** Runs a command by the shell; its first line is the secret. */
export async function readSecretCommand(command: string): Promise<SecretBuilder> {
  const child = spawn("/bin/sh", ["-c", command], { stdio: ["inherit", "pipe", "inherit"] });
  const ended = once(child, "close");
  const secret = new SecretBuilder();
  child.stdout.on("data", (chunk: Uint8Array) => secret.drain(chunk));
  const [code, signal] = (await ended) as [number | null, string | null];
  if (code !== 0) {
    secret.wipe();
    throw new UsageError("USAGE", `the password command failed (${signal ?? `exit ${code}`})`);
  }
  secret.keepFirstLine();
  return secret;
}

/** Copies a secret out of text that cannot be wiped. */
export function secretOfText(text: string): SecretBytes {
  const secret = new SecretBuilder();
  secret.drain(new TextEncoder().encode(text));
  return secret.finish();
}

/** A read that waits where the descriptor does not. */
function readSome(fd: number, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
