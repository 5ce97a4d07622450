import { createHmac, hkdfSync } from "node:crypto";
import t from "tap";
import type { AeadKey } from "../../../src/core/base/platform.ts";
import { EPOCH_MAX, VaultKeys } from "../../../src/core/crypto/key-schedule.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { webAead } from "../../support/web-aead.ts";

const VAULT_ID = new Uint8Array(16).fill(0x22);
const RAW_KEY = new Uint8Array(32).fill(0x11);
const NONCE = new Uint8Array(12);
const NOTHING = new Uint8Array(0);

function newKeys(aead = nodePlatform.aead): VaultKeys {
  return new VaultKeys(VAULT_ID, new SecretBytes(RAW_KEY.slice()), aead);
}

/** The HKDF of node:crypto, for comparison. */
function derive(info: Uint8Array | string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", RAW_KEY, VAULT_ID, info, 32));
}

/** The tag an AEAD key gives over nothing: two keys with the same tag are the same. */
async function tagOf(key: AeadKey): Promise<Uint8Array> {
  const out = new Uint8Array(16);
  await key.seal(NONCE, NOTHING, NOTHING, out);
  return out;
}

t.test("page keys are HKDF-SHA-256 of the vault key, one for each epoch", async (t) => {
  const keys = newKeys();
  for (const epoch of [1, 2, 255, 256, EPOCH_MAX]) {
    const info = Buffer.concat([Buffer.from("dvault page key"), Buffer.of(epoch >>> 8, epoch)]);
    const expected = await nodePlatform.aead.importKey(derive(info));
    t.same(await tagOf(await keys.key(epoch)), await tagOf(expected), `epoch ${epoch}`);
  }
});

t.test("headers are signed by HMAC-SHA-256 with a key of their own", async (t) => {
  const message = Buffer.from("header");
  const expected = createHmac("sha256", derive("dvault header key")).update(message).digest();
  t.same(newKeys().signHeader(message), new Uint8Array(expected));
});

t.test("a page key is derived once", async (t) => {
  const keys = newKeys();
  t.equal(keys.key(3), keys.key(3));
  const slow = newKeys(webAead);
  const pending = slow.key(3);
  t.equal(slow.key(3), pending, "also while it is being imported");
  t.equal(slow.key(3), pending);
  t.equal(await pending, slow.key(3), "and then without a promise");
});

t.test("epochs go from 1 to 65535", async (t) => {
  const keys = newKeys();
  t.equal(keys.epoch, 1);
  keys.enterEpoch(EPOCH_MAX);
  t.equal(keys.epoch, EPOCH_MAX);
  for (const epoch of [0, -1, EPOCH_MAX + 1]) {
    t.throws(() => keys.enterEpoch(epoch), { code: "KEY_CLOSED" });
    t.throws(() => keys.key(epoch), { code: "KEY_CLOSED" });
  }
});

t.test("closing wipes the vault key and closes every key handed out", async (t) => {
  const raw = RAW_KEY.slice();
  const keys = new VaultKeys(VAULT_ID, new SecretBytes(raw), nodePlatform.aead);
  const pageKey = await keys.key(1);
  keys.close();
  t.same(raw, new Uint8Array(32));
  t.throws(() => pageKey.seal(NONCE, NOTHING, NOTHING, new Uint8Array(16)), { code: "KEY_CLOSED" });
  t.throws(() => keys.key(1), { code: "KEY_CLOSED" });
  t.throws(() => keys.key(2), { code: "KEY_CLOSED" });
  t.throws(() => keys.signHeader(NOTHING), { code: "KEY_CLOSED" });
  t.throws(() => keys.vaultKey.use(() => 0), { code: "KEY_CLOSED" });
});

t.test("a key whose import ends after closing is closed too", async (t) => {
  let closed = 0;
  let finish = (): void => {};
  const late = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const key: AeadKey = {
    seal: () => {},
    open: () => undefined,
    sealFrame: () => {},
    openFrame: () => false,
    close: () => void closed++,
  };
  const keys = newKeys({ importKey: () => late.then(() => key) });
  const importing = keys.key(1);
  keys.close();
  finish();
  await importing;
  t.equal(closed, 1);
});
