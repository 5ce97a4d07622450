/**
 * What a request to post or edit a message asks for.
 *
 * @module
 */
import { ApiError, fieldError } from "./api-error.ts";
import type { Body } from "./body.ts";
import { cleanContent, cleanFilename } from "./clean-text.ts";
import type { FormFields } from "./form-fields.ts";
import type { UploadedFile } from "./multipart.ts";

const MAX_ATTACHMENTS = 10;
const MAX_CONTENT = 2000;
const MAX_NONCE = 25;
const MAX_NAME = 1024;

/** A decoded request. */
export interface MessageForm {
  /** Undefined when nothing was said about it; so are the others. */
  readonly content: string | undefined;
  readonly embeds: readonly unknown[] | undefined;
  readonly flags: number | undefined;
  /** Ids of attachments that stay when a message is edited; undefined when all do. */
  readonly kept: readonly string[] | undefined;
  readonly files: readonly NewFile[];
  readonly nonce: string | number | undefined;
  readonly enforcesNonce: boolean;
  /** The name a webhook posts under. */
  readonly username: string | undefined;
}

/** A file to be attached. */
export interface NewFile {
  readonly filename: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly contentType: string;
  readonly isSpoiler: boolean;
  readonly bytes: Buffer;
}

/** @throws ApiError invalidForm, tooManyAttachments */
export function decodeMessageForm({ fields, files }: Body): MessageForm {
  const content = fields.string("content", { max: MAX_CONTENT });
  const listed = fields.objects("attachments", { max: MAX_ATTACHMENTS });
  const nonce = decodeNonce(fields);
  return {
    content: fields.has("content") ? cleanContent(content ?? "") : undefined,
    embeds: fields.list("embeds", { max: 10 }),
    flags: fields.integer("flags"),
    ...assignFiles(listed, files),
    nonce,
    enforcesNonce: nonce !== undefined && fields.boolean("enforce_nonce") === true,
    username: fields.string("username", { min: 1, max: 80 }),
  };
}

function decodeNonce(fields: FormFields): string | number | undefined {
  return typeof fields.values.nonce === "number"
    ? fields.integer("nonce")
    : fields.string("nonce", { max: MAX_NONCE });
}

/** Brings together `files[n]` and the entries of `attachments` with id n; other entries name attachments to keep. */
function assignFiles(
  listed: readonly FormFields[] | undefined,
  files: readonly UploadedFile[],
): Pick<MessageForm, "files" | "kept"> {
  if (files.length > MAX_ATTACHMENTS) throw new ApiError("tooManyAttachments");
  if (!listed) return { files: files.map((file) => describe(file)), kept: undefined };
  const kept: string[] = [];
  const assigned: NewFile[] = [];
  for (const [index, entry] of listed.entries()) {
    const id = entry.snowflake("id");
    if (id === undefined) {
      throw fieldError(`attachments.${index}.id`, "BASE_TYPE_REQUIRED", "This field is required");
    }
    const file = files.find((one) => String(one.index) === id);
    if (file) assigned.push(describe(file, entry));
    else kept.push(id);
  }
  return { files: assigned, kept };
}

function describe(file: UploadedFile, entry?: FormFields): NewFile {
  const given = entry?.string("filename", { min: 1, max: MAX_NAME }) ?? file.filename;
  const filename = cleanFilename(given);
  return {
    filename,
    title: entry?.string("title", { max: MAX_NAME }) ?? (filename === given ? undefined : given),
    description: entry?.string("description", { max: MAX_NAME }),
    contentType: file.contentType,
    isSpoiler: entry?.boolean("is_spoiler") ?? given.startsWith("SPOILER_"),
    bytes: file.bytes,
  };
}
