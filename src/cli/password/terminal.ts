/**
 * Asks for a password on the terminal, without echo.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import { UsageError } from "../../core/base/errors.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import { SecretBuilder } from "./secret-builder.ts";

const Key = {
  interrupt: 0x03,
  end: 0x04,
  backspace: 0x08,
  newline: 0x0a,
  enter: 0x0d,
  eraseLine: 0x15,
  delete: 0x7f,
} as const;

/** Where questions are asked and answered. */
export interface Terminal {
  /** Shows a question and takes the answer without showing it. @throws UsageError CANCELLED at Ctrl-C */
  askSecret(question: string): Promise<SecretBytes>;
  close(): void;
}

/**
 * Asks on the terminal that controls this process, wherever standard input goes.
 *
 * @param wanted - what is asked for, and what can be given where there is no terminal
 * @throws UsageError NO_PASSWORD_SOURCE without one
 */
export async function onTerminal<T>(
  wanted: { readonly subject: string; readonly instead: string },
  ask: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  const terminal = openTerminal();
  if (terminal === undefined) {
    const { subject, instead } = wanted;
    const message = `there is no terminal to ask for ${subject}: give ${instead}`;
    throw new UsageError("NO_PASSWORD_SOURCE", message);
  }
  try {
    return await ask(terminal);
  } finally {
    terminal.close();
  }
}

/** Undefined without a terminal. */
function openTerminal(): Terminal | undefined {
  let fd: number;
  try {
    fd = openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
  return {
    askSecret: (question) => askSecret(fd, question),
    close: () => closeSync(fd),
  };
}

async function askSecret(fd: number, question: string): Promise<SecretBytes> {
  writeSync(fd, question);
  const input = new ReadStream(openSync("/dev/tty", "r"));
  input.setRawMode(true);
  try {
    return await readSecretLine(input);
  } finally {
    input.setRawMode(false);
    input.destroy();
    writeSync(fd, "\n");
  }
}

/**
 * Reads bytes up to Enter and edits as a terminal does: backspace, Ctrl-U. Every chunk is overwritten once read.
 *
 * @param input - in raw mode
 * @throws UsageError CANCELLED at Ctrl-C, or when the input ends
 */
export function readSecretLine(input: NodeJS.ReadableStream): Promise<SecretBytes> {
  const secret = new SecretBuilder();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      input.removeAllListeners("data");
      input.removeAllListeners("end");
      input.removeAllListeners("error");
      input.pause();
    };
    const cancel = (): void => {
      stop();
      secret.wipe();
      reject(new UsageError("CANCELLED", "no password was given"));
    };
    input.on("data", (chunk: Uint8Array) => {
      const end = takeKeys(chunk, secret);
      chunk.fill(0);
      if (end === "cancel") cancel();
      if (end !== "enter") return;
      stop();
      resolve(secret.finish());
    });
    input.once("end", cancel);
    input.once("error", cancel);
  });
}

/** @returns how the line ended, if it did */
function takeKeys(chunk: Uint8Array, secret: SecretBuilder): "enter" | "cancel" | undefined {
  for (const byte of chunk) {
    if (byte === Key.enter || byte === Key.newline) return "enter";
    if (byte === Key.interrupt || (byte === Key.end && secret.length === 0)) return "cancel";
    if (byte === Key.backspace || byte === Key.delete) secret.eraseCharacter();
    else if (byte === Key.eraseLine) secret.wipe();
    else if (byte !== Key.end) secret.append(byte);
  }
  return undefined;
}
