/**
 * Bytes that were written once and must be read the same for ever (FORMAT.md). A failure here is a change of format:
 * raise a version instead, and add vectors beside these.
 *
 * @module
 */
import { createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import t, { type Test } from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { VaultKeys } from "../../../src/core/crypto/key-schedule.ts";
import type { KeySlot } from "../../../src/core/crypto/key-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { type Credentials, unlock } from "../../../src/core/crypto/unlock.ts";
import type { PagePointer } from "../../../src/core/format/address.ts";
import {
  type CommitRoot,
  decodeCommitRoot,
  encodeCommitRoot,
} from "../../../src/core/format/commit-root.ts";
import {
  decodeHeader,
  encodeHeader,
  type Header,
  isHeaderSigned,
} from "../../../src/core/format/header.ts";
import { decodeKeyDirectory, encodeKeyDirectory } from "../../../src/core/format/key-directory.ts";
import { PageCodec } from "../../../src/core/format/page-codec.ts";
import { decodePageHeader, type PageClass } from "../../../src/core/format/page-header.ts";
import type { PageOwner } from "../../../src/core/format/page-owner.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { loadVector } from "../../support/vectors.ts";

interface PageVector {
  readonly pageClass: PageClass;
  readonly epoch: number;
  readonly pageKey: Uint8Array | undefined;
  readonly pointer: PagePointer;
  readonly owner: PageOwner;
  readonly nonce: Uint8Array | undefined;
  readonly payloadLength: number;
  readonly stored: Uint8Array | undefined;
  readonly storedSha256: Uint8Array;
}

function newKeys(vaultId: Uint8Array, vaultKey: Uint8Array): VaultKeys {
  return new VaultKeys(vaultId, new SecretBytes(vaultKey.slice()), nodePlatform.aead);
}

/** Opens a sealed page with nothing but FORMAT.md §3 and §4.2. */
function openByTheBook(stored: Buffer, vaultId: Uint8Array, vaultKey: Uint8Array): Buffer {
  const isInParts = stored[5] === 2;
  const length = stored.readUInt32BE(24);
  const info = Buffer.concat([Buffer.from("dvault page key"), stored.subarray(6, 8)]);
  const key = Buffer.from(hkdfSync("sha256", vaultKey, vaultId, info, 32));
  const parts = (isInParts ? [0, 1, 2, 3] : [0]).map((i) => {
    const at = 44 + i * 16_400;
    const end = at + (isInParts && i < 3 ? 16_384 : length - i * 16_384);
    const nonce = Buffer.from(stored.subarray(32, 44));
    nonce[11] = (nonce[11] as number) ^ i;
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAAD(Buffer.concat([Buffer.from("dvault page"), vaultId, stored.subarray(0, 32)]));
    decipher.setAuthTag(stored.subarray(end, end + 16));
    return Buffer.concat([decipher.update(stored.subarray(at, end)), decipher.final()]);
  });
  return Buffer.concat(parts);
}

t.test("the header of the vector", async (t) => {
  interface HeaderVector {
    readonly vaultKey: Uint8Array;
    readonly header: Header;
    readonly stored: Uint8Array;
  }
  const { header, stored, vaultKey } = loadVector<HeaderVector>("header");
  const keys = newKeys(header.vaultId, vaultKey);
  t.same(decodeHeader(stored), {
    ...header,
    hasOlderKeys: false,
    hasPageParts: false,
    hasLog: false,
  });
  t.ok(isHeaderSigned(stored, keys));
  t.same(encodeHeader(header, keys), stored);
  const key = Buffer.from(hkdfSync("sha256", vaultKey, header.vaultId, "dvault header key", 32));
  const tag = createHmac("sha256", key).update(stored.subarray(0, 120)).digest();
  t.ok(tag.equals(stored.subarray(120, 152)), "FORMAT.md §2.1 gives the same tag");
});

interface PagesVector {
  readonly vaultId: Uint8Array;
  readonly vaultKey: Uint8Array;
  readonly pages: readonly PageVector[];
}

/** Seals and opens pages, and does so by the book. */
async function checkPages(t: Test, name: string, hasPageParts: boolean): Promise<void> {
  const { vaultId, vaultKey, pages } = loadVector<PagesVector>(name);
  for (const page of pages) {
    const { pageClass, pointer, owner, payloadLength, epoch, nonce } = page;
    const payload = Uint8Array.from({ length: payloadLength }, (_, i) => 5 * i + payloadLength);
    const keys = newKeys(vaultId, vaultKey);
    if (epoch !== 0) keys.enterEpoch(epoch);
    const fill = (out: Uint8Array): void => out.set(nonce ?? []);
    const codec = new PageCodec({ vaultId, hasPageParts }, keys, { fill });
    const stored = await codec.seal({ pageClass, ...pointer, owner, payload });
    const name = `${pageClass} of ${payloadLength}`;
    t.same(new Uint8Array(createHash("sha256").update(stored).digest()), page.storedSha256, name);
    t.same(page.stored ?? stored, stored);
    t.match(decodePageHeader(stored), { pageClass, epoch, ...pointer });
    const opened = await codec.open(pageClass, {
      ...pointer,
      stored: (page.stored ?? stored).slice(),
    });
    t.ok(Buffer.from(payload).equals(opened.payload));
    t.same(opened.owner, owner);
    if (epoch === 0) continue;
    const body = openByTheBook(Buffer.from(stored), vaultId, vaultKey);
    const ownerAt = payloadLength + (stored[5] === 2 ? 2 : 4);
    t.ok(body.subarray(0, payloadLength).equals(payload), "FORMAT.md §3.2 gives the same payload");
    t.equal(Number(body.readBigUInt64BE(ownerAt)), owner.ino);
    t.equal(body.readUIntBE(ownerAt + 8, 6), owner.block);
  }
}

t.test("the pages of the vector", (t) => checkPages(t, "pages", false));

t.test("the pages of the vector of a vault with pages in parts", (t) =>
  checkPages(t, "page-parts", true),
);

t.test("the commit roots of the vector", async (t) => {
  interface RootVector {
    readonly root: CommitRoot;
    readonly payload: Uint8Array;
  }
  const { roots } = loadVector<{ readonly roots: readonly RootVector[] }>("commit-root");
  for (const { root, payload } of roots) {
    t.same(decodeCommitRoot(payload), root);
    t.same(encodeCommitRoot(root), payload);
  }
});

t.test("the key directory of the vector, and what opens it", async (t) => {
  interface DirectoryVector {
    readonly vaultId: Uint8Array;
    readonly vaultKey: Uint8Array;
    readonly password: Uint8Array;
    readonly identity: string;
    readonly slots: readonly KeySlot[];
    readonly payload: Uint8Array;
  }
  const vector = loadVector<DirectoryVector>("key-directory");
  const directory = decodeKeyDirectory(vector.payload);
  const { vaultId, slots } = directory;
  t.same(directory, { vaultId: vector.vaultId, slots: vector.slots, older: [] });
  t.same(encodeKeyDirectory(directory), vector.payload);
  const password = new SecretBytes(vector.password);
  const identities = new SecretBytes(utf8(vector.identity));
  const credentials: Record<string, Credentials> = {
    password: { password },
    recipient: { identities },
  };
  for (const slot of slots) {
    if (slot.kind === "unknown") continue;
    const opened = await unlock(nodePlatform, vaultId, [slot], credentials[slot.kind] ?? {});
    t.same(
      opened.vaultKey.use((key) => key.slice()),
      vector.vaultKey,
      slot.label,
    );
  }
});
