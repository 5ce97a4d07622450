/** Target: stored pages as anybody can write them (FORMAT.md §3), before their seal is known to be right. */
import { putU32 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import {
  decodePageHeader,
  encodePageHeader,
  PAGE_HEADER_SIZE,
} from "../../../src/core/format/page-header.ts";
import { newTestCodec } from "../../support/test-codec.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { acceptedLater, expect, expectSafe, expectSame } from "../expect.ts";

const CHECKSUM_AT = 28;
const CLEAR_CLASS = 7;
const codec = newTestCodec();
const owner = { ino: 0, block: 0 };

/** Also with the checksum put right. */
export const pageTarget: FuzzTarget = {
  name: "page",
  files: ["src/core/format/page-header.ts", "src/core/format/stored-page.ts"],
  async seeds() {
    const pages = (["data", "key-directory"] as const).map((pageClass) =>
      codec.seal({ pageClass, address: 130, generation: 3, owner, payload: new Uint8Array(20) }),
    );
    return Promise.all(pages);
  },
  words: ["DVPG"],
  maxLength: 512,
  async run(input) {
    await check(input);
    if (input.length < PAGE_HEADER_SIZE) return;
    const end = input[4] === CLEAR_CLASS ? input.length : PAGE_HEADER_SIZE;
    if (input[4] === CLEAR_CLASS) putU32(input, 24, end - PAGE_HEADER_SIZE);
    putU32(input, CHECKSUM_AT, crc32c(input, PAGE_HEADER_SIZE, end, crc32c(input, 0, CHECKSUM_AT)));
    await check(input);
  },
};

async function check(stored: Uint8Array): Promise<void> {
  const header = decodePageHeader(stored);
  await codec.isGenuine(stored.slice());
  if (typeof header === "string") return;
  const { pageClass, epoch, address, generation, bodyLength } = header;
  expectSafe({ epoch, address, generation, bodyLength });
  const page = { address, generation, stored: stored.slice() };
  const opened = await acceptedLater(["PAGE_CORRUPT"], () => codec.open(pageClass, page));
  if (opened !== undefined) {
    expectSafe({ ...opened.owner });
    expect(opened.payload.length <= bodyLength, "the payload is no longer than the body");
  }
  const encoded = stored.slice();
  encodePageHeader(header, encoded);
  expectSame(decodePageHeader(encoded), header);
}
