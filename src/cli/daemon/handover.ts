/**
 * What passes between `dvault mount` and the process it leaves in the background, over one socket: the secrets there, so
 * that they stand in no argument, variable or file, and one line back when the mount answers.
 *
 *     to the background:   what speaks for the vault at Discord, as in a file of such secrets, or nothing; NUL;
 *                          one byte, `p` for a password, `i` for identities or `r` for a recovery code; the secret; the end
 *     from the background: {"ok":true} or {"ok":false,"code":"WRONG_KEY","message":"…"}, a line end
 *
 * @module
 */

import { closeSync, writeSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { concatBytes, toText, utf8 } from "../../core/base/bytes.ts";
import { DvaultError, type ErrorCode, UsageError } from "../../core/base/errors.ts";
import { parseJsonObject } from "../../core/base/json.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import type { Credentials } from "../../core/crypto/unlock.ts";
import { type DiscordSecrets, encodeSecrets, parseSecrets } from "../discord/discord-secrets.ts";
import { readSecretDescriptor } from "../password/read-secret.ts";
import { describeError } from "../report-error.ts";

const PASSWORD = 0x70;
const IDENTITIES = 0x69;
const RECOVERY = 0x72;

/** Descriptor of the socket in the background process. */
export const HANDOVER_FD = 3;

/** What a mount in the background needs and nobody else may see. */
export interface MountSecrets {
  readonly credentials: Credentials;
  /** Of a vault at Discord. */
  readonly store?: DiscordSecrets | undefined;
}

/** Sends secrets to the background process, and the end behind them. */
export function sendSecrets(output: Writable, { credentials, store }: MountSecrets): void {
  const [kind, secret] = kindAndSecret(credentials);
  const speaker = store === undefined ? new Uint8Array(0) : utf8(encodeSecrets(store));
  const message =
    secret?.use((bytes) => concatBytes(speaker, Uint8Array.of(0, kind), bytes)) ?? speaker;
  output.end(message, () => message.fill(0));
}

function kindAndSecret({
  identities,
  recovery,
  password,
}: Credentials): readonly [number, SecretBytes | undefined] {
  if (identities !== undefined) return [IDENTITIES, identities];
  return recovery === undefined ? [PASSWORD, password] : [RECOVERY, recovery];
}

/** Takes the secrets in the background process; the credentials are the caller's to wipe. */
export function receiveSecrets(): MountSecrets {
  const received = readSecretDescriptor(HANDOVER_FD);
  const speaker: number[] = [];
  for (let byte = received.takeFirst(); byte; byte = received.takeFirst()) speaker.push(byte);
  const kind = received.takeFirst();
  const bytes: SecretBytes = received.finish();
  const credentials = credentialsOf(kind, bytes);
  if (speaker.length === 0) return { credentials };
  return { credentials, store: parseSecrets(toText(Uint8Array.from(speaker))) };
}

function credentialsOf(kind: number | undefined, secret: SecretBytes): Credentials {
  if (kind === IDENTITIES) return { identities: secret };
  return kind === RECOVERY ? { recovery: secret } : { password: secret };
}

/** Tells the waiting command how the mount began, once. */
export function sendOutcome(failure?: unknown): void {
  const outcome =
    failure === undefined
      ? { ok: true }
      : { ok: false, code: codeOf(failure), message: describeError(failure) };
  try {
    writeSync(HANDOVER_FD, `${JSON.stringify(outcome)}\n`);
    closeSync(HANDOVER_FD);
  } catch {
    // The command that waited has gone; the mount goes on without it.
  }
}

/**
 * Waits until the background process has mounted.
 * @throws DvaultError the failure it met, or UsageError MOUNT_FAILED when it ended without a word
 */
export async function receiveOutcome(input: Readable, logPath: string): Promise<void> {
  let text = "";
  for await (const chunk of input) text += String(chunk);
  const { ok, code, message } = parseJsonObject(text);
  if (ok === true) return;
  if (typeof code === "string" && typeof message === "string") {
    throw new DvaultError(code as ErrorCode, message);
  }
  throw new UsageError("MOUNT_FAILED", `the mount's process ended at once; see ${logPath}`);
}

function codeOf(failure: unknown): ErrorCode {
  return failure instanceof DvaultError ? failure.code : "MOUNT_FAILED";
}
