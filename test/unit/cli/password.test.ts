import { chmodSync, closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import t from "tap";
import { SecretBuilder } from "../../../src/cli/password/secret-builder.ts";
import {
  obtainCredentials,
  obtainFirstPassword,
  obtainNewPassword,
  wipeCredentials,
} from "../../../src/cli/password/sources.ts";
import { readSecretLine } from "../../../src/cli/password/terminal.ts";
import { formatRecoveryCode, RECOVERY_SIZE } from "../../../src/core/crypto/recovery-code.ts";
import type { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { testContext } from "../../support/cli-context.ts";

const text = (secret: SecretBytes | undefined): string | undefined =>
  secret?.use((bytes) => Buffer.from(bytes).toString());

t.test("a secret is gathered byte by byte and edited", async (t) => {
  const secret = new SecretBuilder();
  const chunk = Buffer.from("a".repeat(600));
  secret.drain(chunk);
  t.ok(
    chunk.every((byte) => byte === 0),
    "what was drained is overwritten",
  );
  secret.drain(Buffer.from("é"));
  secret.eraseCharacter();
  t.equal(secret.length, 600);
  secret.drain(Buffer.from("\r\n"));
  secret.eraseLineEnd();
  t.equal(text(secret.finish()), "a".repeat(600));
  t.equal(secret.length, 0);
  secret.drain(Buffer.from("one\ntwo"));
  secret.keepFirstLine();
  t.equal(text(secret.finish()), "one");
  secret.drain(Buffer.from("one\n\n"));
  secret.eraseLineEnd();
  t.equal(text(secret.finish()), "one\n", "only one line end goes");
});

t.test("a typed line can be corrected, and is taken at Enter", async (t) => {
  const type = (...chunks: readonly string[]): Promise<SecretBytes> => {
    const input = new PassThrough();
    const answer = readSecretLine(input);
    for (const chunk of chunks) input.write(chunk);
    return answer;
  };
  t.equal(text(await type("pass", "word\r")), "password");
  t.equal(text(await type("pé\x7f\x7fpq\x08w\n")), "pw");
  t.equal(text(await type("wrong\x15right\r")), "right");
  t.equal(text(await type("\r")), "");
  await t.rejects(type("abc\x03"), { code: "CANCELLED" });
  await t.rejects(type("\x04"), { code: "CANCELLED" });
});

t.test("the end of the terminal cancels", async (t) => {
  const input = new PassThrough();
  const answer = readSecretLine(input);
  input.end();
  await t.rejects(answer, { code: "CANCELLED" });
});

t.test("each source gives the password without its line end", async (t) => {
  const directory = t.testdir({ pw: "from file\n", identity: "AGE-SECRET-KEY-1X\n" });
  const file = join(directory, "pw");
  chmodSync(file, 0o600);
  const context = testContext();
  const get = async (choice: object): Promise<string | undefined> =>
    text((await obtainCredentials(context, choice, "x")).password);
  t.equal(await get({ "password-file": file }), "from file");
  const fd = openSync(file, "r");
  t.equal(await get({ "password-fd": fd }), "from file");
  closeSync(fd);
  t.equal(await get({ "password-command": "printf 'first\\nsecond\\n'" }), "first");
  t.equal(context.err(), "");
  const identity = join(directory, "identity");
  chmodSync(identity, 0o600);
  const credentials = await obtainCredentials(context, { identity }, "x");
  t.equal(text(credentials.identities), "AGE-SECRET-KEY-1X\n");
  wipeCredentials(credentials);
  t.equal(credentials.identities?.length, 0);
  const env = testContext({ DVAULT_PASSWORD: "from env" });
  t.equal(text((await obtainCredentials(env, {}, "x")).password), "from env");
  t.equal(
    text((await obtainCredentials(env, { "password-file": file }, "x")).password),
    "from file",
  );
});

t.test("a password file that others can read is taken, with a warning", async (t) => {
  const file = join(t.testdir(), "pw");
  writeFileSync(file, "secret");
  chmodSync(file, 0o644);
  const context = testContext();
  const credentials = await obtainCredentials(context, { "password-file": file }, "x");
  t.equal(text(credentials.password), "secret");
  t.match(context.err(), /can be read by others.*chmod 600/);
});

t.test("what is no password is refused", async (t) => {
  const directory = t.testdir({ empty: "\n" });
  const refused = async (
    choice: object,
    expected: { code: string; message?: RegExp },
  ): Promise<void> => {
    await t.rejects(obtainCredentials(testContext(), choice, "x"), expected);
  };
  await refused({ "password-file": join(directory, "empty") }, { code: "USAGE", message: /empty/ });
  await refused(
    { "password-file": join(directory, "none") },
    {
      code: "USAGE",
      message: /none: no such file or directory$/,
    },
  );
  await refused({ "password-file": directory }, { code: "USAGE", message: /it is a directory/ });
  await refused(
    { "password-fd": 999 },
    { code: "USAGE", message: /descriptor 999: it is not open/ },
  );
  await refused({ "password-fd": Number.NaN }, { code: "USAGE" });
  await refused({ "password-command": "exit 3" }, { code: "USAGE", message: /exit 3/ });
  await refused({ "password-fd": 3, identity: "x" }, { code: "USAGE", message: /one source/ });
});

t.test(
  "a recovery code comes from the sources of a password, and from its own variable",
  async (t) => {
    const bytes = Uint8Array.from({ length: RECOVERY_SIZE }, (_, i) => i);
    const code = formatRecoveryCode(bytes);
    const file = join(t.testdir({ code: `${code}\n` }), "code");
    chmodSync(file, 0o600);
    const get = async (env: Record<string, string>, choice: object): Promise<unknown> => {
      const context = testContext(env);
      const credentials = await obtainCredentials(
        context,
        { "recovery-code": true, ...choice },
        "x",
      );
      t.strictSame(Object.keys(credentials), ["recovery"]);
      return credentials.recovery?.use((secret) => secret.slice());
    };
    t.strictSame(await get({}, { "password-file": file }), bytes);
    t.strictSame(await get({ DVAULT_RECOVERY_CODE: code, DVAULT_PASSWORD: "pw" }, {}), bytes);
    const wrong = {
      DVAULT_RECOVERY_CODE: code.replace(/.$/, (last) => (last === "Q" ? "P" : "Q")),
    };
    await t.rejects(get(wrong, {}), { code: "USAGE", message: /a digit of group 8 is wrong/ });
    await t.rejects(get({}, { identity: file }), { code: "USAGE", message: /not both/ });
    await t.rejects(obtainFirstPassword(testContext(), { "recovery-code": true }, "x"), {
      code: "USAGE",
      message: /--recipient/,
    });
  },
);

t.test("a new vault takes a given password without asking again, but no identity", async (t) => {
  const context = testContext({ DVAULT_PASSWORD: "pw" });
  t.equal(text(await obtainFirstPassword(context, {}, "x")), "pw");
  const identity = join(t.testdir({ id: "AGE-SECRET-KEY-1X" }), "id");
  await t.rejects(obtainFirstPassword(context, { identity }, "x"), {
    code: "USAGE",
    message: /--recipient/,
  });
});

t.test("a new password has sources of its own", async (t) => {
  const context = testContext({ DVAULT_PASSWORD: "old", DVAULT_NEW_PASSWORD: "new" });
  t.equal(text(await obtainNewPassword(context, {}, "x")), "new");
  const choice = { "new-password-command": "echo newer" };
  t.equal(text(await obtainNewPassword(context, choice, "x")), "newer");
});
