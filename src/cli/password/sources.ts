/**
 * Where the secret that opens a vault comes from: exactly one of the ways below, else the environment, else a person at
 * the terminal.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import { parseRecoveryCode } from "../../core/crypto/recovery-code.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import type { Credentials } from "../../core/crypto/unlock.ts";
import { type CliContext, warn } from "../context.ts";
import { isSystemError, reasonOf } from "../report-error.ts";
import {
  readSecretCommand,
  readSecretDescriptor,
  readSecretFile,
  secretOfText,
} from "./read-secret.ts";
import type { SecretBuilder } from "./secret-builder.ts";
import { onTerminal, type Terminal } from "./terminal.ts";

/** Options of every command that opens a vault. */
export const passwordOptions = {
  "password-file": {
    type: "string",
    describe: "Read the password from a file (a line end at its end does not count)",
    requiresArg: true,
    group: "Password:",
  },
  "password-fd": {
    type: "number",
    describe: "Read the password from an open file descriptor",
    requiresArg: true,
    group: "Password:",
  },
  "password-command": {
    type: "string",
    describe: "Run a command by the shell; the first line it prints is the password",
    requiresArg: true,
    group: "Password:",
  },
  identity: {
    alias: "i",
    type: "string",
    describe: "Open with an age identity file instead of a password",
    requiresArg: true,
    group: "Password:",
  },
  "recovery-code": {
    type: "boolean",
    describe: "What is given or asked for is a recovery code, not a password",
    group: "Password:",
  },
} as const;

/** Values of {@link passwordOptions}. */
export interface PasswordChoice {
  readonly "password-file"?: string | undefined;
  readonly "password-fd"?: number | undefined;
  readonly "password-command"?: string | undefined;
  readonly identity?: string | undefined;
  readonly "recovery-code"?: boolean | undefined;
}

/** Options of commands that take a new password beside the one that opens the vault. */
export const newPasswordOptions = {
  "new-password-file": {
    type: "string",
    describe: "Read the new password from a file",
    requiresArg: true,
    group: "Password:",
  },
  "new-password-fd": {
    type: "number",
    describe: "Read the new password from an open file descriptor",
    requiresArg: true,
    group: "Password:",
  },
  "new-password-command": {
    type: "string",
    describe: "Run a command by the shell; the first line it prints is the new password",
    requiresArg: true,
    group: "Password:",
  },
} as const;

/** Values of {@link newPasswordOptions}. */
export interface NewPasswordChoice {
  readonly "new-password-file"?: string | undefined;
  readonly "new-password-fd"?: number | undefined;
  readonly "new-password-command"?: string | undefined;
}

/** The note that commands with {@link passwordOptions} end their help with. */
export const PASSWORD_NOTE =
  "Without one of the password options the password is taken from DVAULT_PASSWORD, else asked for on the terminal.";

/**
 * What opens a vault that exists; the caller's to wipe.
 *
 * @param subject - what the question calls the vault
 * @throws UsageError USAGE for several sources at once, NO_PASSWORD_SOURCE without any, CANCELLED at Ctrl-C
 */
export async function obtainCredentials(
  context: CliContext,
  choice: PasswordChoice,
  subject: string,
): Promise<Credentials> {
  const isRecovery = choice["recovery-code"] === true;
  const given = await givenCredentials(isRecovery ? forRecovery(context) : context, choice);
  const what = isRecovery ? "recovery code" : "password";
  const opening = given ?? {
    password: notEmpty(
      await askOnTerminal((terminal) => terminal.askSecret(`${what} of ${subject}: `)),
    ),
  };
  return isRecovery ? recoveryOf(opening) : opening;
}

/** Surroundings in which the variable of recovery codes takes the place of the password's. */
function forRecovery(context: CliContext): CliContext {
  return { ...context, env: { DVAULT_PASSWORD: context.env.DVAULT_RECOVERY_CODE } };
}

/** Reads what was given in the place of a password. @throws UsageError USAGE for a code that was copied wrong */
function recoveryOf(given: Credentials): Credentials {
  if (given.password === undefined) {
    throw new UsageError("USAGE", "give an identity or a recovery code, not both");
  }
  try {
    return { recovery: parseRecoveryCode(given.password) };
  } finally {
    given.password.wipe();
  }
}

/**
 * The first password of a vault: asked for twice on a terminal, taken as it is from any other source.
 *
 * @param subject - what the question calls the vault
 * @throws as {@link obtainCredentials}; USAGE too when the two differ or an identity was given
 */
export async function obtainFirstPassword(
  context: CliContext,
  choice: PasswordChoice,
  subject: string,
): Promise<SecretBytes> {
  if (choice.identity !== undefined || choice["recovery-code"] === true) {
    throw new UsageError(
      "USAGE",
      "an identity or a recovery code opens a vault but makes none: give --recipient age1…",
    );
  }
  const given = await givenCredentials(context, choice);
  return given?.password ?? askTwice(subject);
}

/**
 * A password in place of, or beside, the one that opens the vault; its variable is DVAULT_NEW_PASSWORD.
 * @throws as {@link obtainFirstPassword}
 */
export async function obtainNewPassword(
  context: CliContext,
  choice: NewPasswordChoice,
  subject: string,
): Promise<SecretBytes> {
  const source: PasswordChoice = {
    "password-file": choice["new-password-file"],
    "password-fd": choice["new-password-fd"],
    "password-command": choice["new-password-command"],
  };
  const env = { DVAULT_PASSWORD: context.env.DVAULT_NEW_PASSWORD };
  const given = await givenCredentials({ ...context, env }, source);
  return given?.password ?? askTwice(subject);
}

/**
 * Passwords of further keys, each in a file.
 * @throws UsageError USAGE when one cannot be read
 */
export function obtainOtherPasswords(
  context: CliContext,
  paths: readonly string[],
): readonly SecretBytes[] {
  return paths.map((path) => {
    const secret = readGivenFile(context, path);
    secret.eraseLineEnd();
    return notEmpty(secret.finish());
  });
}

function askTwice(subject: string): Promise<SecretBytes> {
  return askOnTerminal(async (terminal) => {
    const first = notEmpty(await terminal.askSecret(`new password of ${subject}: `));
    const second = await terminal.askSecret(`new password of ${subject}, again: `);
    const isSame = first.use((a) => second.use((b) => Buffer.compare(a, b) === 0));
    second.wipe();
    if (isSame) return first;
    first.wipe();
    throw new UsageError("USAGE", "the two passwords differ");
  });
}

/** Whether an option names a source of a password. */
export function hasPasswordOption(choice: PasswordChoice): boolean {
  const { "password-file": file, "password-fd": fd, "password-command": command } = choice;
  return [file, fd, command].some((way) => way !== undefined);
}

/** Forgets what opened a vault. */
export function wipeCredentials(credentials: Credentials): void {
  credentials.password?.wipe();
  credentials.identities?.wipe();
  credentials.recovery?.wipe();
}

/** What an option or the environment gives, if one does. */
async function givenCredentials(
  context: CliContext,
  choice: PasswordChoice,
): Promise<Credentials | undefined> {
  const {
    "password-file": file,
    "password-fd": fd,
    "password-command": command,
    identity,
  } = choice;
  if ([file, fd, command, identity].filter((way) => way !== undefined).length > 1) {
    throw new UsageError("USAGE", "give one source of the password only");
  }
  if (identity !== undefined) {
    return { identities: readGivenFile(context, identity).finish() };
  }
  if (file !== undefined) return line(readGivenFile(context, file));
  if (fd !== undefined) return line(readGivenDescriptor(fd));
  if (command !== undefined) return line(await readSecretCommand(command));
  const text = context.env.DVAULT_PASSWORD;
  if (text === undefined) return undefined;
  return { password: notEmpty(secretOfText(text)) };
}

/** @throws UsageError USAGE when it cannot be read */
function readGivenFile(context: CliContext, path: string): SecretBuilder {
  try {
    return readSecretFile(path, (problem) => warn(context, problem));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** @throws UsageError USAGE when it is not open for reading */
function readGivenDescriptor(fd: number): SecretBuilder {
  try {
    return readSecretDescriptor(fd);
  } catch (error) {
    throw unreadable(`file descriptor ${fd}`, error);
  }
}

function unreadable(source: string, cause: unknown): unknown {
  if (cause instanceof UsageError) return cause;
  const reason = isSystemError(cause) ? reasonOf(cause) : "it is no source of a password";
  return new UsageError("USAGE", `${source}: ${reason}`, { cause });
}

function line(secret: SecretBuilder): Credentials {
  secret.eraseLineEnd();
  return { password: notEmpty(secret.finish()) };
}

function notEmpty(password: SecretBytes): SecretBytes {
  if (password.length === 0) throw new UsageError("USAGE", "the password is empty");
  return password;
}

function askOnTerminal<T>(ask: (terminal: Terminal) => Promise<T>): Promise<T> {
  const instead =
    "--password-file, --password-fd, --password-command, --identity or DVAULT_PASSWORD";
  return onTerminal({ subject: "the password", instead }, ask);
}
