import { inspect } from "node:util";
import t from "tap";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";

t.test("a secret is lent, and overwritten when wiped", async (t) => {
  const bytes = Uint8Array.of(1, 2, 3);
  const secret = new SecretBytes(bytes);
  t.equal(
    secret.use((lent) => lent),
    bytes,
  );
  t.equal(secret.length, 3);
  secret.wipe();
  t.same(bytes, new Uint8Array(3));
  t.equal(secret.length, 0);
  t.throws(() => secret.use(() => 0), { name: "KeyError", code: "KEY_CLOSED" });
  secret.wipe();
});

t.test("a secret prints as nothing of what it holds", async (t) => {
  const secret = new SecretBytes(Buffer.from("hunter2"));
  const printed = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }),
    inspect(secret, { showHidden: true }),
    Object.values(secret).join(),
  ];
  for (const text of printed) {
    t.notMatch(text, /hunter2|104|68 75 6e/, text);
  }
});
