// Bodies whose length is told twice, wrong or not at all; bad chunks, encodings, bodies that are too large or break off;
// and proofs that are right, but for something else.
import { gzipSync } from 'node:zlib';
import { MIB } from './bodies.ts';
import { inChunks, type Line, linesOf, request } from './shot.ts';
import { mannerOf, proofOf } from './sources.ts';
import { brief, type Kind, refused, unfinished } from './stranger.ts';

const lengths = ['-1', '+5', '0x10', '1.5', '1e3', '5, 5', '5 5', '', 'NaN', '9'.repeat(23), '007', '4;q=1'];
const codings = [
  'chunked, chunked',
  'identity',
  'gzip',
  'chunked, gzip',
  'gzip, chunked',
  'xchunked',
  'chunked;q=1',
  '',
  'chunked\0',
];
const encodings = ['gzip', 'br', 'deflate', 'zstd', 'x-gzip', 'compress', 'identity, gzip', 'GZIP', '*', '\xff'];
const chunks = [
  ...['zz\r\n{}\r\n0\r\n\r\n', 'ffffffffffffffffff\r\n{}', '-1\r\n{}\r\n', '2\r\n{}0\r\n\r\n', '2 \r\n{}\r\n0\r\n\r\n'],
  ...[
    '2\n{}\n0\n\n',
    `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    '2;a="\r\n{}\r\n0\r\n\r\n',
    '0\r\n__proto__: x\r\n\r\n',
  ],
  ...[`2\r\n{}\r\n0\r\nX: ${'a'.repeat(50_000)}\r\n\r\n`, '1\r\n{\r\n'.repeat(2000)],
];
/** 20 MB of zeros in 20 kB. */
const bomb = gzipSync(Buffer.alloc(20 * MIB));
const chunked: Line = ['Transfer-Encoding', 'chunked'];

const oddLength: Kind = ({ chance, target, forged, body }) => {
  const length = chance.pick(lengths);
  const lines: Line[] = [...forged, ['Content-Length', length]];
  return refused(`length ${brief(length)}`, request({ target, lines, body }), unfinished);
};

const twoLengths: Kind = ({ chance, target, forged, body }) => {
  const length: Line = ['Content-Length', String(body.length)];
  const second = chance.pick<Line>([['Content-Length', '3'], length, chunked]);
  const lines = chance.below(2) === 0 ? [length, second] : [second, length];
  return refused(`two lengths`, request({ target, lines: [...forged, ...lines], body }), unfinished);
};

const smuggled: Kind = ({ chance, target, forged, marked }) => {
  const inner = request({ target: '/api/accounts/main/pause', lines: marked });
  const body = Buffer.concat([Buffer.from('0\r\n\r\n'), inner]);
  const coding: Line = ['Transfer-Encoding', chance.pick(['chunked', 'xchunked', 'chunked ', '\x0bchunked'])];
  const lines: Line[] = [...forged, ['Content-Length', String(body.length)], coding];
  return refused('a smuggled request', request({ target, lines, body }), unfinished);
};

const oddCoding: Kind = ({ chance, target, forged, body }) => {
  const coding = chance.pick(codings);
  const lines: Line[] = [...forged, ['Transfer-Encoding', coding]];
  return refused(`coding ${brief(coding)}`, request({ target, lines, body: inChunks(body, [4096]) }), unfinished);
};

const inPieces: Kind = ({ chance, target, forged, body }) => {
  const sizes = Array.from({ length: 20 }, () => 1 + chance.below(9));
  return refused('chunks', request({ target, lines: [...forged, chunked], body: inChunks(body, [...sizes, 4096]) }));
};

const badChunks: Kind = ({ chance, target, forged }) => {
  const text = chance.pick(chunks);
  const bytes = request({ target, lines: [...forged, chunked], body: Buffer.from(text, 'latin1') });
  return refused(`chunks ${brief(text)}`, bytes, unfinished);
};

const encoded: Kind = ({ chance, target, forged }) => {
  const lines: Line[] = [...forged, ['Content-Encoding', chance.pick(encodings)]];
  return refused('a content encoding', request({ target, lines, body: bomb }));
};

const tooLarge: Kind = ({ chance, target, forged, marker }) => {
  const body = Buffer.concat([Buffer.alloc(MIB + chance.pick([1, 1000, MIB]), 0x20), Buffer.from(marker)]);
  if (chance.below(2) === 0) return refused('too large, announced', request({ target, lines: forged, body }));
  const bytes = request({ target, lines: [...forged, chunked], body: inChunks(body, [65_536]) });
  return refused('too large, in chunks', bytes);
};

const broken: Kind = ({ chance, target, forged, body }) => {
  const lines: Line[] = [...forged, ['Content-Length', String(body.length + chance.pick([1, 1000, 100_000]))]];
  const bytes = request({ target, lines, body });
  const steps = [bytes, { pauseMs: chance.below(20) }, chance.pick(['fin', 'reset'] as const)];
  return { ...refused('a body that breaks off', bytes), steps, mayClose: true };
};

const forgedOnly: Kind = ({ target, forged, body }) =>
  refused('a forged proof', request({ target, lines: forged, body }));

/** A trailer comes after the bytes it would prove, and proves nothing. */
const trailer: Kind = ({ source, target, marked, body }) => {
  const proof = linesOf(proofOf(source, body, 'd-1')).map(([name, value]) => `${name}: ${value}\r\n`);
  const lines: Line[] = [...marked, chunked, ['Trailer', 'x-signature']];
  return refused('proof in a trailer', request({ target, lines, body: inChunks(body, [64], '', proof.join('')) }));
};

const flipped: Kind = (given) => {
  const { chance, source, target, marked, body } = given;
  if (!mannerOf(source).isSigned) return forgedOnly(given);
  const other = Buffer.from(body);
  const place = chance.below(other.length);
  other[place] = (other[place] ?? 0) ^ (1 << chance.below(8));
  const lines = [...marked, ...linesOf(proofOf(source, body, 'd-1'))];
  return refused('another body than was signed', request({ target, lines, body: other }));
};

const foreign: Kind = ({ chance, others, target, marked, body }) => {
  const lines = [...marked, ...linesOf(proofOf(chance.pick(others), body, 'd-1'))];
  return refused("another source's proof", request({ target, lines, body }));
};

const untimely: Kind = (given) => {
  const { chance, source, target, marked, body } = given;
  if (!mannerOf(source).isTimed) return forgedOnly(given);
  const nowMs = Math.max(0, Date.now() + chance.pick([-1, 1]) * chance.pick([310_000, 86_400_000, 1e12]));
  const lines = [...marked, ...linesOf(proofOf(source, body, 'd-1', nowMs))];
  return refused('a proof of another time', request({ target, lines, body }));
};

export const bodyKinds: readonly Kind[] = [
  ...[oddLength, twoLengths, smuggled, oddCoding, inPieces, badChunks, encoded, tooLarge, broken],
  ...[forgedOnly, trailer, flipped, foreign, untimely],
];
