/**
 * Objects as attachments of messages, records as messages of a channel: a vault's place at Discord.
 *
 * What is spread over this folder, from below:
 *
 * ```
 * http/    one exchange            limits/  how often, and when to stop     rest/  one call, tried as often as is safe
 * api/     Discord's calls         post/    parcels, mailboxes, lanes       read/  signed URLs, messages, the CDN
 * ```
 *
 * 1. Ids are the truth: everything an object needs to be found is in its id; URLs are a cache.
 * 2. What `put` or `append` returned, Discord has answered for, with the right sizes.
 * 3. An object is gone only by an authorised answer that its message, or its attachment, is.
 * 4. Only what carries this vault's label and was posted by the bot or its webhooks is ever deleted.
 *
 * @module
 */
import { StoreError } from "../../../core/base/errors.ts";
import type { ObjectBytes } from "../object-bytes.ts";
import type {
  ByteRange,
  CallOptions,
  LaneState,
  ListedObject,
  ListOptions,
  LogRecord,
  NewRecord,
  ObjectId,
  ObjectLimits,
  ObjectStore,
  ObjectTraffic,
  StoredObject,
} from "../object-store.ts";
import type { Attachment, Message } from "./api/message.ts";
import { ATTACHMENTS_MAX } from "./api/message-form.ts";
import { dataLabel } from "./content-codec.ts";
import { type ClientParts, DiscordClient } from "./discord-client.ts";
import { checkConfig, type DiscordConfig } from "./discord-config.ts";
import { HeaderLog } from "./header-log.ts";
import { decodeObjectId, encodeObjectId } from "./object-id.ts";
import { listObjects, type ObjectListParts } from "./object-list.ts";
import { Lane } from "./post/lane.ts";
import { ChannelMailbox, type Mailbox, WebhookMailbox } from "./post/mailbox.ts";
import { Outbox, type PostedObject } from "./post/outbox.ts";
import { Poster } from "./post/poster.ts";
import { SizeLimits } from "./post/size-limits.ts";
import { MessageFinder } from "./read/message-finder.ts";
import { MessageReader } from "./read/message-reader.ts";
import { raceAbort } from "./read/race-abort.ts";
import { UrlBook } from "./read/url-book.ts";
import { UrlFinder } from "./read/url-finder.ts";
import { UrlRefresher } from "./read/url-refresher.ts";
import { Remover } from "./remover.ts";
import { RefusedError } from "./rest/refused-error.ts";
import type { Webhook, WebhookAddress } from "./webhook.ts";

/** How a store is opened. */
export interface DiscordStoreOptions extends ClientParts {
  readonly config: DiscordConfig;
  /** Addresses of the config's webhooks; those that are missing are lanes that failed. */
  readonly webhookAddresses: readonly WebhookAddress[];
  readonly readOnly?: boolean;
  /** Whether URLs may be refreshed by a call that Discord does not document. */
  readonly usesRefreshUrls?: boolean;
}

/** Segments a full message has. */
const PUTS_PER_MESSAGE = 3;

/** Messages under way that a lane can make use of: a webhook takes more of them a second than one connection carries. */
const MESSAGES_PER_LANE = 4;

/** URLs of one attachment that the CDN may call gone or expired (404), or refuse (403), before it is believed. */
const URLS_GONE = 4;
const URLS_REFUSED = 2;

/** A vault's objects at Discord. */
export class DiscordObjectStore implements ObjectStore {
  readonly name: string;
  readonly readOnly: boolean;
  readonly #options: DiscordStoreOptions;
  readonly #client: DiscordClient;
  readonly #sizes: SizeLimits;
  readonly #book: UrlBook;
  readonly #finder: UrlFinder;
  readonly #outbox: Outbox;
  readonly #log: HeaderLog;
  readonly #remover: Remover;
  readonly #listing: ObjectListParts;

  /** Opens a store; nothing is asked of Discord before it is needed. @throws UsageError USAGE for a config at odds with itself */
  constructor(options: DiscordStoreOptions) {
    const { config, timing, random, settings, token } = options;
    const { readLagMs } = settings;
    checkConfig(config);
    this.#options = options;
    this.name = `discord:${config.headerChannel}`;
    this.readOnly = options.readOnly ?? false;
    const client = new DiscordClient(options);
    this.#client = client;
    const { channels, webhooks: webhookApi, clock, closing, limiter } = client;
    this.#sizes = new SizeLimits(settings.objectBytes, settings.messageBytes);
    this.#book = new UrlBook(timing, clock, settings.urlsKept);
    const onMessage = ({ attachments }: Message): void => this.#book.note(attachments);
    const webhooks = webhooksOf(options);
    const reader = new MessageReader({
      finder: new MessageFinder(channels, onMessage, closing),
      webhookApi,
      webhooks,
      onMessage,
      closing,
    });
    this.#finder = new UrlFinder({
      book: this.#book,
      messages: reader,
      refresher: options.usesRefreshUrls ? new UrlRefresher(client.rest, closing) : undefined,
      timing,
      clock,
      readLagMs,
      closing,
    });
    const poster = new Poster({ timing, clock, readLagMs, random, onMessage });
    const label = dataLabel(config.headerChannel);
    const mailboxes = mailboxesOf(config, client, webhooks);
    this.#outbox = new Outbox({
      lanes: mailboxes.map((mailbox) => new Lane(mailbox, timing, settings.laneRestMs)),
      limiter,
      poster,
      sizes: this.#sizes,
      random,
      label,
      closing,
    });
    const writers = new Set([token.userId, ...config.writers]);
    const log = { channels, poster, channelId: config.headerChannel, writers, onMessage };
    this.#log = new HeaderLog({ ...log, timing, readLagMs });
    this.#remover = new Remover({
      channels,
      webhookApi,
      webhooks,
      reader,
      clock,
      onRemoved: (id) => this.#finder.forget(id),
    });
    this.#listing = {
      channels,
      reader,
      channelIds: dataChannelsOf(config),
      headerChannel: config.headerChannel,
      writers: new Set([...writers, ...webhooks.keys()]),
      label,
    };
  }

  get limits(): ObjectLimits {
    const lanes = Math.max(1, this.#outbox.states().length);
    const { api, cdn } = this.#options.settings.connections;
    // The last connection is left to calls that are no uploads.
    const messages = Math.min(MESSAGES_PER_LANE * lanes, api - 1);
    return {
      objectBytes: this.#sizes.objectBytes,
      attachments: ATTACHMENTS_MAX,
      recordBytes: this.#sizes.messageBytes,
      parallelPuts: PUTS_PER_MESSAGE * messages,
      parallelGets: cdn,
    };
  }

  async put(bytes: ObjectBytes, { signal }: CallOptions = {}): Promise<StoredObject> {
    this.#checkWritable();
    this.#checkSize(bytes);
    signal?.throwIfAborted();
    return storedObject(await this.#outbox.post(bytes, signal));
  }

  async get(id: ObjectId, range: ByteRange, { signal }: CallOptions = {}): Promise<Uint8Array> {
    const place = decodeObjectId(id);
    const { cdn } = this.#client;
    const into = new Uint8Array(range.length);
    let url = await this.#finder.locate(place, signal);
    for (let urls = 1; ; urls++) {
      const end = await cdn.read(url, range, into, signal);
      if (end.kind === "done") return into;
      const most = end.status === 404 ? URLS_GONE : URLS_REFUSED;
      if (urls >= most) throw refusedByCdn(end.status);
      url = await this.#finder.replace(place, url, signal);
    }
  }

  async delete(ids: readonly ObjectId[], { signal }: CallOptions = {}): Promise<void> {
    this.#checkWritable();
    await raceAbort(this.#remover.remove(ids, signal), signal);
  }

  list(options: ListOptions = {}): AsyncIterable<ListedObject> {
    return listObjects(this.#listing, options);
  }

  async append(record: NewRecord, options?: CallOptions): Promise<LogRecord> {
    this.#checkWritable();
    for (const bytes of record.attachments) this.#checkSize(bytes);
    try {
      return await this.#log.append(record, options);
    } catch (error) {
      this.#learnFrom(error, record.attachments);
      throw error;
    }
  }

  records(limit: number, before?: string, options?: CallOptions): Promise<readonly LogRecord[]> {
    return this.#log.list(limit, before, options);
  }

  async deleteRecords(positions: readonly string[], options?: CallOptions): Promise<void> {
    this.#checkWritable();
    await this.#log.delete(positions, options);
  }

  traffic(): ObjectTraffic {
    return {
      lanes: [...this.#outbox.states(), ...lanesWithoutAddress(this.#options)],
      limitedMs: this.#client.limiter.limitedMs,
      stopped: this.#client.stopped,
    };
  }

  async close(): Promise<void> {
    await this.#client.close(new StoreError("STORE_FAILED", `${this.name} is closed`));
  }

  #checkWritable(): void {
    if (this.readOnly)
      throw new StoreError("STORE_DENIED", `${this.name} is open for reading only`);
  }

  #checkSize({ length }: ObjectBytes): void {
    const { objectBytes } = this.#sizes;
    if (length <= objectBytes) return;
    throw new StoreError(
      "STORE_FULL",
      `discord takes objects of ${objectBytes} bytes at most; this one has ${length}`,
    );
  }

  /** A record that was too large tells which size is, or that the sum of them is. */
  #learnFrom(error: unknown, attachments: readonly Uint8Array[]): void {
    if (!(error instanceof RefusedError && error.isTooLarge)) return;
    const bytes = attachments.reduce((sum, { length }) => sum + length, 0);
    if (attachments.length === 1) this.#sizes.refuseObject(bytes);
    else this.#sizes.refuseMessage(bytes);
  }
}

/** Channels with data. */
function dataChannelsOf({ dataChannels, webhooks }: DiscordConfig): ReadonlySet<string> {
  return new Set([...dataChannels, ...webhooks.map(({ channel }) => channel)]);
}

/** The webhooks whose addresses are known. */
function webhooksOf(options: DiscordStoreOptions): ReadonlyMap<string, Webhook> {
  const webhooks = new Map<string, Webhook>();
  for (const { id, channel } of options.config.webhooks) {
    const address = options.webhookAddresses.find((one) => one.id === id);
    if (address !== undefined) webhooks.set(id, { address, channelId: channel });
  }
  return webhooks;
}

/** Where objects are posted. */
function mailboxesOf(
  { dataChannels }: DiscordConfig,
  { channels, webhooks: webhookApi }: DiscordClient,
  webhooks: ReadonlyMap<string, Webhook>,
): readonly Mailbox[] {
  return [
    ...dataChannels.map((id) => new ChannelMailbox(channels, id)),
    ...[...webhooks.values()].map((one) => new WebhookMailbox(channels, webhookApi, one)),
  ];
}

/** Lanes that cannot be used for want of their address. */
function lanesWithoutAddress(options: DiscordStoreOptions): readonly LaneState[] {
  const known = webhooksOf(options);
  return options.config.webhooks
    .filter(({ id }) => !known.has(id))
    .map(({ id }) => ({ name: `webhook ${id}`, state: "failed", reason: "its URL was not given" }));
}

function storedObject({ message, index, webhookId }: PostedObject): StoredObject {
  const { id: attachmentId, size } = message.attachments[index] as Attachment;
  const { channelId, id: messageId } = message;
  return { id: encodeObjectId({ channelId, messageId, attachmentId, webhookId }), length: size };
}

function refusedByCdn(status: number): StoreError {
  return status === 403
    ? new StoreError("STORE_DENIED", "discord's CDN refuses this network (403); the file is there")
    : new StoreError("STORE_DOWN", "discord's CDN does not find a file (404) that its API has");
}
