/**
 * Where the secret that opens a vault comes from: exactly one of the ways below, else the environment, else a person at
 * the terminal.
 *
 * @module
 */
import type { Options } from "yargs";
import { UsageError } from "../../core/base/errors.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import type { Credentials } from "../../core/crypto/unlock.ts";
import { type CliContext, warn } from "../context.ts";
import {
  readSecretCommand,
  readSecretDescriptor,
  readSecretFile,
  secretOfText,
} from "./read-secret.ts";
import type { SecretBuilder } from "./secret-builder.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

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
} as const satisfies Record<string, Options>;

/** Values of {@link passwordOptions}. */
export interface PasswordChoice {
  readonly "password-file"?: string | undefined;
  readonly "password-fd"?: number | undefined;
  readonly "password-command"?: string | undefined;
  readonly identity?: string | undefined;
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
  const given = await givenCredentials(context, choice);
  if (given !== undefined) return given;
  const answer = await onTerminal((terminal) => terminal.askSecret(`password of ${subject}: `));
  return { password: notEmpty(answer) };
}

/**
 * A password for something new: asked for twice on a terminal, taken as it is from any other source.
 *
 * @param subject - what the question calls it, such as `new password of work`
 * @throws as {@link obtainCredentials}; USAGE too when the two differ or an identity was given
 */
export async function obtainNewPassword(
  context: CliContext,
  choice: PasswordChoice,
  subject: string,
): Promise<SecretBytes> {
  const given = await givenCredentials(context, choice);
  if (given?.identities !== undefined) {
    wipeCredentials(given);
    throw new UsageError(
      "USAGE",
      "an identity opens a vault but makes none: give --recipient age1…",
    );
  }
  if (given?.password !== undefined) return given.password;
  return onTerminal(async (terminal) => {
    const first = notEmpty(await terminal.askSecret(`${subject}: `));
    const second = await terminal.askSecret(`${subject}, again: `);
    const isSame = first.use((a) => second.use((b) => Buffer.compare(a, b) === 0));
    second.wipe();
    if (isSame) return first;
    first.wipe();
    throw new UsageError("USAGE", "the two passwords differ");
  });
}

/** Forgets what opened a vault. */
export function wipeCredentials(credentials: Credentials): void {
  credentials.password?.wipe();
  credentials.identities?.wipe();
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
    return { identities: readSecretFile(identity, (problem) => warn(context, problem)).finish() };
  }
  if (file !== undefined) return line(readSecretFile(file, (problem) => warn(context, problem)));
  if (fd !== undefined) return line(readSecretDescriptor(fd));
  if (command !== undefined) return line(await readSecretCommand(command));
  const text = context.env.DVAULT_PASSWORD;
  if (text === undefined) return undefined;
  return { password: notEmpty(secretOfText(text)) };
}

function line(secret: SecretBuilder): Credentials {
  secret.eraseLineEnd();
  return { password: notEmpty(secret.finish()) };
}

function notEmpty(password: SecretBytes): SecretBytes {
  if (password.length === 0) throw new UsageError("USAGE", "the password is empty");
  return password;
}

async function onTerminal<T>(body: (terminal: Terminal) => Promise<T>): Promise<T> {
  const terminal = openTerminal();
  if (terminal === undefined) {
    throw new UsageError(
      "NO_PASSWORD_SOURCE",
      "there is no terminal to ask for the password: give --password-file, --password-fd, --password-command, --identity or DVAULT_PASSWORD",
    );
  }
  try {
    return await body(terminal);
  } finally {
    terminal.close();
  }
}
