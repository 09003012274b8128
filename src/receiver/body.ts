// Owns reading a request's bytes: raw, bounded, never decompressed and never parsed. What they mean is decided only
// after they are proven.
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Request, type Response } from 'express';
import type { Refusal } from './problem.ts';

export type Read = { readonly ok: true; readonly body: Buffer } | { readonly ok: false; readonly refusal: Refusal };

export type ReadBody = (req: IncomingMessage, res: ServerResponse) => Promise<Read>;

/** Reads at most `limitBytes`. A refusal is a value; only defects reject. */
export function makeReadBody(limitBytes: number): ReadBody {
  // Any type: with a type filter, a wrong Content-Type leaves no body at all and the status falls through. No
  // inflating: the signature is over the bytes as they came, and a compressed megabyte can be a gigabyte.
  const raw = express.raw({ type: () => true, limit: limitBytes, inflate: false });
  return function readBody(req, res) {
    const refusal = refusalBefore(req, limitBytes);
    // Node reads what still comes and throws it away; waiting for that would make the sender send it all.
    if (refusal !== undefined) return Promise.resolve({ ok: false, refusal });
    return new Promise((resolve, reject) => {
      // It reads and writes nothing that Express adds to a request; deliveries come without.
      raw(req as Request, res as Response, (error?: unknown) => {
        if (error === undefined) return resolve({ ok: true, body: bytesOf(req) });
        const refusal = refusalFor(error, limitBytes);
        if (refusal === undefined) return reject(error);
        resolve({ ok: false, refusal });
      });
    });
  };
}

/** A request without a body has no bytes; whether that is enough is the proof's question. */
function bytesOf(req: IncomingMessage & { readonly body?: unknown }): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}

/** What the headers alone refuse. */
function refusalBefore({ headers }: IncomingMessage, limitBytes: number): Refusal | undefined {
  if (Number(headers['content-length'] ?? 0) > limitBytes) return tooLarge(limitBytes);
  // Node takes only the chunks off; what they hold stays as it was packed.
  const transfer = headers['transfer-encoding']?.trim().toLowerCase() ?? 'chunked';
  return transfer === 'chunked' ? undefined : packed;
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

function refusalFor(error: unknown, limitBytes: number): Refusal | undefined {
  const { status, type } = error as { status?: unknown; type?: unknown };
  switch (status) {
    case 413:
      return tooLarge(limitBytes);
    case 415:
      return packed;
    case 400:
      return {
        status,
        detail: 'The body did not arrive as it was announced.',
        why: type === 'request.aborted' ? 'the sender hung up' : 'body shorter or longer than announced',
      };
    default:
      return undefined;
  }
}
