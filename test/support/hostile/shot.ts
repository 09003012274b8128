// One hostile request: its bytes, and what may become of it.
import type { Listening, Step } from './wire.ts';

export interface Shot {
  /** The kind of mischief, for the report; shots of one name are counted together. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** `refused`: 4xx, or 503. `any`: also 2xx, for what is proven, and for what is odd and harmless. */
  readonly allowed: 'refused' | 'any';
  /** It need not be answered: the connection may also be closed. */
  readonly mayClose?: boolean;
  readonly listening?: Listening;
  /** Right proofs in it; like secrets they must be found nowhere. */
  readonly proofs?: readonly string[];
}

/** One header line; names and values are put on the wire as they are, one byte for each character. */
export type Line = readonly [name: string, value: string];

/** A request as bytes. A body gets its length, unless `lines` speak of one; `null`: neither body nor length. */
export function request(parts: {
  readonly method?: string;
  readonly target: string;
  readonly version?: string;
  readonly lines?: readonly Line[];
  readonly body?: Buffer | null;
}): Buffer {
  const { method = 'POST', target, version = 'HTTP/1.1', lines = [], body = Buffer.alloc(0) } = parts;
  const has = (name: string) => lines.some(([other]) => other.toLowerCase() === name);
  const length: Line[] =
    body === null || has('content-length') || has('transfer-encoding') ? [] : [['Content-Length', String(body.length)]];
  const host: Line[] = has('host') ? [] : [['Host', 'localhost']];
  const head = [...host, ...lines, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([
    Buffer.from(`${method} ${target} ${version}\r\n${head}\r\n`, 'latin1'),
    ...(body === null ? [] : [body]),
  ]);
}

/** `body` in chunks of the given sizes, the last one repeated; `extension` and `trailers` as they are. */
export function inChunks(body: Buffer, sizes: readonly number[], extension = '', trailers = ''): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0, i = 0; start < body.length; i += 1) {
    const size = Math.max(1, sizes[Math.min(i, sizes.length - 1)] ?? body.length);
    const chunk = body.subarray(start, start + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`, 'latin1'), chunk, Buffer.from('\r\n'));
    start += size;
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`, 'latin1')]);
}

/** As header lines. */
export function linesOf(headers: Readonly<Record<string, string>>): Line[] {
  return Object.entries(headers);
}
