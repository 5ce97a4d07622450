/**
 * Takes multipart bodies apart (RFC 7578).
 *
 * @module
 */
import {
  Busboy,
  type BusboyEvents,
  type BusboyFileStream,
  type BusboyHeaders,
} from "@fastify/busboy";
import type { HttpRequest } from "../http/http-request.ts";

const FILE_FIELD = /^files\[(\d+)\]$/;

/** A file of a multipart body. */
export interface UploadedFile {
  /** The n of `files[n]`. */
  readonly index: number;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The parts of a body: texts by the names of their fields, and the files among `files[n]` by n. */
export interface Parts {
  readonly texts: ReadonlyMap<string, string>;
  readonly files: readonly UploadedFile[];
}

/** @throws Error when the body is malformed */
export async function readParts({ headers, body }: HttpRequest): Promise<Parts> {
  const texts = new Map<string, string>();
  const files: UploadedFile[] = [];
  const parser = new Busboy({
    headers: headers as BusboyHeaders,
    limits: { fieldSize: body.length },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on("field", (name, text) => texts.set(name, text));
    parser.on("file", (...part: Parameters<BusboyEvents["file"]>) => {
      const [name, stream, filename, , contentType] = part;
      stream.once("error", reject);
      collect(stream, (bytes) => {
        const index = FILE_FIELD.exec(name)?.[1];
        if (index !== undefined) files.push({ index: Number(index), filename, contentType, bytes });
      });
    });
    parser.once("finish", resolve).once("error", reject);
    parser.end(body);
  });
  files.sort((a, b) => a.index - b.index);
  return { texts, files };
}

function collect(stream: BusboyFileStream, done: (bytes: Buffer) => void): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.once("end", () => done(Buffer.concat(chunks)));
}
