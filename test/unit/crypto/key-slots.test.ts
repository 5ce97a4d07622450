import { generateX25519Identity, identityToRecipient } from "age-encryption";
import t from "tap";
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import type { Argon2Cost, Argon2id, Platform } from "../../../src/core/base/platform.ts";
import { checkKdfCosts, DEFAULT_ARGON2, KDF_LIMITS } from "../../../src/core/crypto/kdf-limits.ts";
import {
  formatSlotId,
  type KeySlot,
  type PasswordSlot,
  parseSlotId,
} from "../../../src/core/crypto/key-slot.ts";
import { makePasswordSlot, openPasswordSlot } from "../../../src/core/crypto/password-slot.ts";
import {
  makeRecipientSlot,
  openRecipientSlot,
  parseIdentities,
} from "../../../src/core/crypto/recipient-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { addSlot, findSlot, removeSlot, replaceSlot } from "../../../src/core/crypto/slot-list.ts";
import { type Credentials, type Unlocked, unlock } from "../../../src/core/crypto/unlock.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { FAST_ARGON2 } from "../../support/fast-kdf.ts";

const VAULT_ID = new Uint8Array(16).fill(0x33);
const OTHER_ID = new Uint8Array(16).fill(0x34);
const VAULT_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const vault = { vaultId: VAULT_ID, vaultKey: new SecretBytes(VAULT_KEY.slice()) };

function secret(text: string): SecretBytes {
  return new SecretBytes(utf8(text));
}

function passwordSlot(text: string, label = text): Promise<PasswordSlot> {
  return makePasswordSlot(nodePlatform, vault, secret(text), { label, argon2: FAST_ARGON2 });
}

function keyOf(opened: SecretBytes | undefined): Uint8Array | undefined {
  return opened?.use((bytes) => bytes.slice());
}

function tryUnlock(slots: readonly KeySlot[], credentials: Credentials): Promise<Unlocked> {
  return unlock(nodePlatform, VAULT_ID, slots, credentials);
}

/** Node's platform, with a record of every derivation. */
class CountingArgon2 implements Argon2id {
  readonly costs: Argon2Cost[] = [];

  derive(password: Uint8Array, salt: Uint8Array, cost: Argon2Cost): Promise<Uint8Array> {
    this.costs.push(cost);
    return nodePlatform.argon2id.derive(password, salt, cost);
  }
}

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const stranger = await generateX25519Identity();

t.test("a password opens its slot and no other, in its vault only", async (t) => {
  for (const text of ["", "a", "größe 日本 \u{1f511}", "x".repeat(10_000)]) {
    const slot = await passwordSlot(text, "label");
    const opened = await openPasswordSlot(nodePlatform, VAULT_ID, slot, secret(text));
    t.same(keyOf(opened), VAULT_KEY);
    const close = secret(`${text} `);
    t.equal(await openPasswordSlot(nodePlatform, VAULT_ID, slot, close), undefined);
    t.equal(await openPasswordSlot(nodePlatform, OTHER_ID, slot, secret(text)), undefined);
  }
});

t.test("a password slot opens only as it was made; its label may change", async (t) => {
  const slot = await passwordSlot("pass");
  const openAs = async (changes: Partial<PasswordSlot>): Promise<Uint8Array | undefined> =>
    keyOf(await openPasswordSlot(nodePlatform, VAULT_ID, { ...slot, ...changes }, secret("pass")));
  const wrapped = slot.wrapped.slice();
  wrapped[20] = (wrapped[20] as number) ^ 1;
  t.equal(await openAs({ id: "0011223344556677" }), undefined, "another id");
  t.equal(await openAs({ argon2: { ...FAST_ARGON2, passes: 2 } }), undefined, "another cost");
  t.equal(await openAs({ salt: new Uint8Array(16) }), undefined, "another salt");
  t.equal(await openAs({ wrapped }), undefined, "a flipped bit");
  t.same(await openAs({ label: "renamed" }), VAULT_KEY);
});

t.test("two slots of the same password have nothing in common", async (t) => {
  const [one, two] = [await passwordSlot("same"), await passwordSlot("same")];
  t.not(one.id, two.id);
  t.notSame(one.salt, two.salt);
  t.notSame(one.wrapped, two.wrapped);
});

t.test("an identity opens the slot of its recipient, in its vault only", async (t) => {
  const slot = await makeRecipientSlot(nodePlatform, vault, { label: "laptop", recipient });
  t.match(toText(slot.wrapped), /^age-encryption\.org\/v1\n-> X25519 /);
  const mine = await parseIdentities(secret(`# comment\n\n  ${stranger}\r\n${identity}\n`));
  const theirs = await parseIdentities(secret(stranger));
  t.same(keyOf(await openRecipientSlot(VAULT_ID, slot, mine)), VAULT_KEY);
  t.equal(await openRecipientSlot(VAULT_ID, slot, theirs), undefined);
  t.equal(await openRecipientSlot(OTHER_ID, slot, mine), undefined, "another vault");
  const renamed = { ...slot, id: "0011223344556677" };
  t.equal(await openRecipientSlot(VAULT_ID, renamed, mine), undefined, "another slot");
  const broken = { ...slot, wrapped: slot.wrapped.subarray(0, 80) };
  t.equal(await openRecipientSlot(VAULT_ID, broken, mine), undefined, "a truncated age file");
});

t.test("what is no recipient or identity is refused, and an identity is not quoted", async (t) => {
  for (const wrong of ["", "age1", `${recipient}x`, identity]) {
    const making = makeRecipientSlot(nodePlatform, vault, { label: "", recipient: wrong });
    await t.rejects(making, { code: "USAGE" }, wrong);
  }
  const spoilt = `${identity.slice(0, -1)}${identity.endsWith("Q") ? "P" : "Q"}`;
  const nothing = parseIdentities(secret("# nothing\n\n"));
  await t.rejects(nothing, { code: "USAGE", message: /no age/ });
  const parsing = parseIdentities(secret(spoilt));
  await t.rejects(parsing, { code: "USAGE", message: /is no age identity/ });
  try {
    await parsing;
  } catch (error) {
    t.notMatch(String((error as Error).stack), spoilt.slice(20));
    t.equal((error as Error).cause, undefined);
  }
});

t.test("any credential opens a vault with slots of every kind", async (t) => {
  const slots = [
    await passwordSlot("one"),
    await makeRecipientSlot(nodePlatform, vault, { label: "laptop", recipient }),
    await passwordSlot("two"),
  ];
  const open = async (credentials: Credentials): Promise<string> => {
    const { vaultKey, slotId } = await tryUnlock(slots, credentials);
    t.same(keyOf(vaultKey), VAULT_KEY);
    return slotId;
  };
  t.equal(await open({ password: secret("one") }), slots[0]?.id);
  t.equal(await open({ password: secret("two") }), slots[2]?.id);
  t.equal(await open({ identities: secret(identity) }), slots[1]?.id);
  t.equal(await open({ identities: secret(stranger), password: secret("two") }), slots[2]?.id);
});

t.test("credentials that open nothing are a wrong key", async (t) => {
  const slots = [
    await passwordSlot("one"),
    await makeRecipientSlot(nodePlatform, vault, { label: "laptop", recipient }),
  ];
  const wrong: readonly Credentials[] = [
    {},
    { password: secret("two") },
    { identities: secret(stranger) },
    { password: secret("two"), identities: secret(stranger) },
  ];
  for (const credentials of wrong) {
    await t.rejects(tryUnlock(slots, credentials), { name: "KeyError", code: "WRONG_KEY" });
  }
  await t.rejects(tryUnlock([], { password: secret("one") }), { code: "WRONG_KEY" });
});

t.test("every password slot is derived whichever opens, so time tells nothing", async (t) => {
  const slots = [await passwordSlot("one"), await passwordSlot("one"), await passwordSlot("three")];
  for (const text of ["one", "three", "none"]) {
    const argon2id = new CountingArgon2();
    const platform: Platform = { ...nodePlatform, argon2id };
    await unlock(platform, VAULT_ID, slots, { password: secret(text) }).catch(() => undefined);
    t.equal(argon2id.costs.length, 3, text);
  }
});

t.test("a hostile vault cannot ask for any amount of memory or time", async (t) => {
  const limit = { memoryKib: KDF_LIMITS.memoryKib, passes: 32, lanes: KDF_LIMITS.lanes };
  const allowed: readonly Argon2Cost[][] = [
    [],
    [FAST_ARGON2],
    [DEFAULT_ARGON2],
    [limit],
    [{ memoryKib: 8, passes: 1, lanes: 1 }],
    new Array(300).fill(DEFAULT_ARGON2),
  ];
  for (const costs of allowed) t.doesNotThrow(() => checkKdfCosts(costs));
  const refused: readonly Argon2Cost[][] = [
    [{ ...limit, memoryKib: limit.memoryKib + 1, passes: 1 }],
    [{ ...limit, passes: 33 }],
    [{ ...limit, lanes: limit.lanes + 1 }],
    [{ memoryKib: 7, passes: 1, lanes: 1 }],
    [{ memoryKib: 64, passes: 1, lanes: 9 }],
    [{ ...FAST_ARGON2, passes: 0 }],
    [{ ...FAST_ARGON2, lanes: 0 }],
    [{ memoryKib: 2 ** 32 - 1, passes: 65_535, lanes: 65_535 }],
    new Array(400).fill(DEFAULT_ARGON2),
  ];
  for (const costs of refused) t.throws(() => checkKdfCosts(costs), { code: "KDF_LIMITS" });

  const slot = await passwordSlot("one");
  const greedy: PasswordSlot = { ...slot, argon2: { ...FAST_ARGON2, memoryKib: 2 ** 30 } };
  const argon2id = new CountingArgon2();
  const platform: Platform = { ...nodePlatform, argon2id };
  const unlocking = unlock(platform, VAULT_ID, [slot, greedy], { password: secret("one") });
  await t.rejects(unlocking, { code: "KDF_LIMITS" });
  t.same(argon2id.costs, [], "nothing was derived");
  const options = { label: "", argon2: greedy.argon2 };
  await t.rejects(makePasswordSlot(platform, vault, secret("x"), options), { code: "KDF_LIMITS" });
});

t.test("slots are added, replaced and removed, but not the last that opens", async (t) => {
  const [one, two] = [await passwordSlot("one"), await passwordSlot("two")];
  const future: KeySlot = { ...one, kind: "unknown", id: "0f", code: 9, body: new Uint8Array(0) };
  const slots = addSlot(addSlot([], one), two);
  t.same(slots, [one, two]);
  t.same(removeSlot(slots, one.id), [two]);
  t.same(replaceSlot(slots, two.id, future), [one, future]);
  t.equal(findSlot(slots, two.id), two);
  t.throws(() => removeSlot([one], one.id), { code: "LAST_SLOT" });
  t.throws(() => removeSlot([one, future], one.id), { code: "LAST_SLOT" });
  t.same(removeSlot([one, future], future.id), [one]);
  for (const change of [findSlot, removeSlot]) {
    t.throws(() => change(slots, "ffff"), { code: "NO_SUCH_SLOT", message: /no key slot ffff/ });
  }
  t.throws(() => replaceSlot(slots, "ffff", one), { code: "NO_SUCH_SLOT" });
  t.throws(() => addSlot([], { ...one, label: "ü".repeat(128) }), { code: "USAGE" });
});

t.test("a slot id is 16 hexadecimal digits", async (t) => {
  const bytes = Uint8Array.of(0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff);
  t.equal(formatSlotId(bytes), "00010f107f80feff");
  t.same(parseSlotId("00010f107f80feff"), bytes);
});
