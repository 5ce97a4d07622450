/** Target: what stands in pages whose seal is right, since their writer has the key (FORMAT.md §3.2). */
import { concatBytes, utf8 } from "../../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { chain } from "../../../src/core/base/maybe-promise.ts";
import { PageCodec } from "../../../src/core/format/page-codec.ts";
import {
  encodePageHeader,
  PAGE_CLASSES,
  PAGE_HEADER_SIZE,
  type PageClass,
} from "../../../src/core/format/page-header.ts";
import { IN_PARTS, WHOLE } from "../../../src/core/format/page-layout.ts";
import { sealedSize } from "../../../src/core/format/page-size.ts";
import { frameOf } from "../../../src/core/format/stored-page.ts";
import { FixedRandom } from "../../support/fixed-random.ts";
import { TEST_VAULT } from "../../support/test-codec.ts";
import { FixedPageKeys } from "../../support/test-keys.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { acceptedLater, expectSafe } from "../expect.ts";
import { Input } from "../input.ts";

/** The class of the input that stands for a full page of content, in parts. */
const PARTS_CODE: number = PAGE_CLASSES.length;
const keys = new FixedPageKeys();
const codec = new PageCodec(TEST_VAULT, keys, new FixedRandom());
const prefix = concatBytes(utf8("dvault page"), TEST_VAULT.vaultId);
const place = { address: 130, generation: 3 };

/** Input: class, then the body: payload and owner record; of a page in parts, only the latter. */
export const sealedPageTarget: FuzzTarget = {
  name: "sealed-page",
  files: ["src/core/format/stored-page.ts", "src/core/format/page-owner.ts"],
  seeds: () =>
    [...PAGE_CLASSES, "data"].map((_, code) => {
      const inParts = code === PARTS_CODE;
      const body = new Uint8Array(inParts ? IN_PARTS.ownerSize : WHOLE.ownerSize + 1);
      body[0] = inParts ? 1 : code + 1;
      return concatBytes(Uint8Array.of(code), body);
    }),
  maxLength: 128,
  async run(bytes) {
    const input = new Input(bytes);
    const code = input.u8() % (PARTS_CODE + 1);
    const pageClass = PAGE_CLASSES[code] ?? "data";
    const stored = await sealed(pageClass, code === PARTS_CODE, input.rest());
    if (stored === undefined) return;
    const opened = await acceptedLater(["PAGE_CORRUPT"], () =>
      codec.open(pageClass, { ...place, stored }),
    );
    if (opened !== undefined) expectSafe({ ...opened.owner });
  },
};

/** Undefined for what no writer would seal. */
async function sealed(
  pageClass: PageClass,
  isInParts: boolean,
  input: Uint8Array,
): Promise<Uint8Array | undefined> {
  const layout = isInParts ? IN_PARTS : WHOLE;
  if (pageClass === "key-directory" || input.length < layout.ownerSize) return undefined;
  const owner = input.subarray(0, layout.ownerSize);
  const body = isInParts ? concatBytes(new Uint8Array(PAGE_SIZE), owner) : input;
  const bodyLength = body.length;
  const stored = new Uint8Array(sealedSize(layout, bodyLength));
  encodePageHeader({ pageClass, layout, epoch: 1, ...place, bodyLength }, stored);
  const framing = { prefix, headLength: PAGE_HEADER_SIZE };
  const frame = frameOf(stored, { layout, bodyLength });
  await chain(keys.key(1), (key) => key.sealFrame(framing, frame, body));
  return stored;
}
