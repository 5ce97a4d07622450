/**
 * The request that posts a message with files (Discord documentation, resources/message, "Create Message"). Nobody is
 * mentioned or notified, and nothing is previewed.
 *
 * @module
 */
import type {
  RESTPostAPIChannelMessageJSONBody,
  RESTPostAPIWebhookWithTokenJSONBody,
} from "discord-api-types/v10";
import { type FormFile, formBody, type RequestBody } from "../http/request-body.ts";

/** A message to be posted. */
export interface MessageForm {
  /** At most {@link CONTENT_MAX} characters that Discord leaves as they are: letters, digits, `-`, `_`, `:`. */
  readonly content: string;
  /** At most {@link ATTACHMENTS_MAX}. */
  readonly files: readonly FormFile[];
  /** At most 25 characters: within minutes, a bot's post with the same nonce answers with the first one's message. */
  readonly nonce: string;
  /** Separates the parts of the request: stands in none of them. */
  readonly boundary: string;
}

/** Most files of a message. */
export const ATTACHMENTS_MAX = 10;

/** SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS. */
const QUIET_FLAGS = (1 << 2) | (1 << 12);

/** Body of a bot's post. */
export function botPostBody(form: MessageForm): RequestBody {
  const payload = {
    ...sharedPayload(form),
    nonce: form.nonce,
    enforce_nonce: true,
  } satisfies RESTPostAPIChannelMessageJSONBody;
  return formBody(payload, form.files, form.boundary);
}

/** Body of a webhook's post; there are no nonces. */
export function webhookPostBody(form: MessageForm): RequestBody {
  const payload = sharedPayload(form) satisfies RESTPostAPIWebhookWithTokenJSONBody;
  return formBody(payload, form.files, form.boundary);
}

function sharedPayload({ content, files }: MessageForm): {
  content: string;
  flags: number;
  allowed_mentions: { parse: [] };
  attachments: { id: string; filename: string }[];
} {
  return {
    content,
    flags: QUIET_FLAGS,
    allowed_mentions: { parse: [] },
    attachments: files.map(({ name }, index) => ({ id: `${index}`, filename: name })),
  };
}
