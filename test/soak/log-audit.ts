/**
 * Looks at the header log over and over, as anybody could who may read the channel, and remembers which commits
 * counted.
 *
 * 1. A commit that counted counts for as long as it is there, and one that did not never does.
 * 2. No publication counts twice, whatever is posted twice.
 * 3. Publications grow with their position, and generations never fall; the same generation again is the same header.
 *
 * @module
 */
import { decodeHeader } from "../../src/core/format/header.ts";
import { decodeRecord } from "../../src/stores/objects/discord/content-codec.ts";
import { padSnowflake, snowflakeTime } from "../../src/stores/objects/discord/snowflake.ts";
import type { LogRecord } from "../../src/stores/objects/object-store.ts";
import { type AcceptedCommit, viewLog } from "../../src/stores/segments/format/log-view.ts";
import type { Message } from "../emulator/model/message.ts";

/** A commit that counted. */
interface Counted {
  readonly position: string;
  readonly publication: number;
  readonly generation: number;
  readonly header: string;
}

export class LogAudit {
  readonly #channelId: string;
  readonly #counted = new Map<string, Counted>();
  readonly #refused = new Set<string>();

  /** @param channelId - the header channel */
  constructor(channelId: string) {
    this.#channelId = channelId;
  }

  /** Commits that counted. */
  get commits(): number {
    return this.#counted.size;
  }

  /** Commits that did not: sent twice, or too late. */
  get refusals(): number {
    return this.#refused.size;
  }

  /** Takes note of the log as it is. @throws Error when it contradicts itself or what was seen before */
  note(messages: readonly Message[]): void {
    const view = viewLog(recordsOf(messages, this.#channelId));
    for (const position of view.idleCommits) {
      if (this.#counted.has(position))
        throw new Error(`commit ${position} does not count any more`);
      this.#refused.add(position);
    }
    for (const commit of view.commits) this.#count(commit);
    this.#checkOrder();
  }

  #count({ record, commit }: AcceptedCommit): void {
    const { position } = record;
    if (this.#refused.has(position)) throw new Error(`commit ${position} counts after all`);
    this.#counted.set(position, {
      position,
      publication: commit.publication,
      generation: decodeHeader(commit.header).generation,
      header: Buffer.from(commit.header).toString("base64url"),
    });
  }

  #checkOrder(): void {
    const inOrder = [...this.#counted.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
    for (const [index, later] of inOrder.entries()) {
      const earlier = inOrder[index - 1];
      if (earlier === undefined) continue;
      const isSame = later.generation === earlier.generation && later.header === earlier.header;
      const isOrdered = later.publication > earlier.publication;
      if (isOrdered && (isSame || later.generation > earlier.generation)) continue;
      throw new Error(`commits out of order: ${describe(earlier)}, then ${describe(later)}`);
    }
  }
}

function describe({ position, publication, generation }: Counted): string {
  return `publication ${publication} of generation ${generation} at ${position}`;
}

/** Records of a channel, newest first. */
function recordsOf(messages: readonly Message[], channelId: string): LogRecord[] {
  const records = messages.flatMap((message): LogRecord[] => {
    const text = message.channelId === channelId ? decodeRecord(message.content) : undefined;
    if (text === undefined) return [];
    const { kind, body } = text;
    const { id } = message;
    const timeMs = snowflakeTime(id);
    return [{ position: padSnowflake(id), kind, body, attachments: [], timeMs }];
  });
  return records.sort((a, b) => (a.position > b.position ? -1 : 1));
}
