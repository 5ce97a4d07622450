/** Target: contents of messages at Discord, ids of objects and URLs of vaults there. */
import { concatBytes, putU32, utf8 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import {
  decodeRecord,
  encodeRecord,
  isRecord,
} from "../../../src/stores/objects/discord/content-codec.ts";
import { decodeObjectId, encodeObjectId } from "../../../src/stores/objects/discord/object-id.ts";
import { type ObjectId, RECORD_BYTES_MAX } from "../../../src/stores/objects/object-store.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSame } from "../expect.ts";

const PREFIX = "dv1c:";

/** Also as the bytes of a record whose checksum is right. */
export const recordTextTarget: FuzzTarget = {
  name: "record-text",
  files: [
    "src/stores/objects/discord/content-codec.ts",
    "src/stores/objects/discord/object-id.ts",
    "src/stores/objects/discord/snowflake.ts",
  ],
  seeds() {
    const ids = { channelId: "1", messageId: "2", attachmentId: "3" };
    return [
      encodeRecord({ kind: "commit", nonce: new Uint8Array(16), body: Uint8Array.of(1, 2) }),
      encodeObjectId({ ...ids, webhookId: undefined }),
      encodeObjectId({ ...ids, webhookId: "18446744073709551615" }),
      "dv2c:AAAA",
    ].map(utf8);
  },
  words: ["dv1l:", "dv1o:", "dv10c:"],
  maxLength: 2000,
  run(input) {
    const text = Buffer.from(input).toString("latin1");
    checkRecord(text);
    if (input.length <= RECORD_BYTES_MAX) checkRecord(recordOf(input));
    const place = accepted(["STORE_FAILED"], () => decodeObjectId(text as ObjectId));
    if (place !== undefined) expectSame(decodeObjectId(encodeObjectId(place)), place);
  },
};

/** The text of a record with these bytes behind its checksum. */
function recordOf(checked: Uint8Array): string {
  const checksum = new Uint8Array(4);
  putU32(checksum, 0, crc32c(checked, 0, checked.length, crc32c(utf8(PREFIX))));
  return PREFIX + Buffer.from(concatBytes(checksum, checked)).toString("base64url");
}

function checkRecord(text: string): void {
  accepted(["VERSION_UNKNOWN"], () => {
    const record = decodeRecord(text);
    if (record !== undefined && record.body.length <= RECORD_BYTES_MAX) {
      expectSame(encodeRecord(record), text);
    }
  });
  isRecord(text);
}
