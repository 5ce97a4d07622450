/** Target: what stands in pages whose seal is right, since their writer has the key (FORMAT.md §3.2). */
import { concatBytes, utf8 } from "../../../src/core/base/bytes.ts";
import { chain } from "../../../src/core/base/maybe-promise.ts";
import { PageCodec } from "../../../src/core/format/page-codec.ts";
import { encodePageHeader, PAGE_CLASSES } from "../../../src/core/format/page-header.ts";
import { FixedRandom } from "../../support/fixed-random.ts";
import { FixedPageKeys } from "../../support/test-keys.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { acceptedLater, expectSafe } from "../expect.ts";
import { Input } from "../input.ts";

const BODY_AT = 44;
const TAG = 16;
const OWNER = 24;
const vaultId = new Uint8Array(16);
const keys = new FixedPageKeys();
const codec = new PageCodec(vaultId, keys, new FixedRandom());
const aadPrefix = concatBytes(utf8("dvault page"), vaultId);

/** Input: class, then the body: payload and owner record. */
export const sealedPageTarget: FuzzTarget = {
  name: "sealed-page",
  files: ["src/core/format/page-codec.ts"],
  seeds: () =>
    PAGE_CLASSES.map((_, code) => {
      const body = new Uint8Array(OWNER + 1);
      body[0] = code + 1;
      return concatBytes(Uint8Array.of(code), body);
    }),
  maxLength: 128,
  async run(bytes) {
    const input = new Input(bytes);
    const pageClass = PAGE_CLASSES[input.u8() % PAGE_CLASSES.length] ?? "data";
    const body = input.rest();
    if (pageClass === "key-directory" || body.length < OWNER) return;
    const stored = new Uint8Array(BODY_AT + body.length + TAG);
    const place = { address: 130, generation: 3 };
    encodePageHeader({ pageClass, epoch: 1, ...place, bodyLength: body.length }, stored);
    const aad = concatBytes(aadPrefix, stored.subarray(0, 32));
    await chain(keys.key(1), (key) =>
      key.seal(stored.subarray(32, BODY_AT), aad, body, stored.subarray(BODY_AT)),
    );
    const opened = await acceptedLater(["PAGE_CORRUPT"], () =>
      codec.open(pageClass, { ...place, stored }),
    );
    if (opened !== undefined) expectSafe({ ...opened.owner });
  },
};
