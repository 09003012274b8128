// Owns reading a request's bytes: raw, bounded, never decompressed and never parsed. What they mean is decided only
// after they are proven.
import type { IncomingMessage } from 'node:http';
import type { Refusal } from './problem.ts';

export type Read = { readonly ok: true; readonly body: Buffer } | { readonly ok: false; readonly refusal: Refusal };

/** Never rejects; what cannot be read is refused. */
export type ReadBody = (req: IncomingMessage) => Promise<Read>;

/** The event of a request whose body will not come whole; whoever reads it hears the refusal. */
const brokenOff = Symbol('broken off');

/** Refuses what is being read of `req`: its reader answers, and knows whose it was. False where nobody reads it. */
export function breakOff(req: IncomingMessage, refusal: Refusal): boolean {
  return req.emit(brokenOff, refusal);
}

/** Reads at most `limitBytes`. Of what is refused Node reads the rest and throws it away; nobody waits for that. */
export function makeReadBody(limitBytes: number): ReadBody {
  return function readBody(req) {
    const refusal = refusalBefore(req, limitBytes);
    if (refusal !== undefined) return Promise.resolve({ ok: false, refusal });
    return new Promise((settle) => collect(req, limitBytes, settle));
  };
}

/** Ours, because a parser of bodies costs more than all of the proof (profiled); the first word to `settle` counts. */
function collect(req: IncomingMessage, limitBytes: number, settle: (read: Read) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  req.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limitBytes) return void chunks.push(chunk);
    chunks.length = 0;
    settle({ ok: false, refusal: tooLarge(limitBytes) });
  });
  // A request without a body has no bytes; whether that is enough is the proof's question.
  req.on('end', () => settle({ ok: true, body: whole(chunks) }));
  req.on(brokenOff, (refusal: Refusal) => settle({ ok: false, refusal }));
  req.on('close', () => settle({ ok: false, refusal: cutShort }));
}

function whole(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

/** What the headers alone refuse. */
function refusalBefore({ headers }: IncomingMessage, limitBytes: number): Refusal | undefined {
  if (Number(headers['content-length'] ?? 0) > limitBytes) return tooLarge(limitBytes);
  // The signature is over the bytes as they came, and a compressed megabyte can be a gigabyte.
  const content = headers['content-encoding']?.trim().toLowerCase() || 'identity';
  // Node takes only the chunks off; what they hold stays as it was packed.
  const transfer = headers['transfer-encoding']?.trim().toLowerCase() ?? 'chunked';
  return content === 'identity' && transfer === 'chunked' ? undefined : packed;
}

function tooLarge(limitBytes: number): Refusal {
  return { status: 413, detail: `The body is larger than ${limitBytes} bytes.`, why: 'body too large' };
}

const packed: Refusal = {
  status: 415,
  detail: 'Send the body as it is, without a Content-Encoding or a Transfer-Encoding other than chunked.',
  why: 'body is compressed',
  headers: { 'accept-encoding': 'identity' },
};

/** Where the connection is gone: nobody hears the answer. */
const cutShort: Refusal = {
  status: 400,
  detail: 'The body did not arrive as it was announced.',
  why: 'the sender hung up',
};
