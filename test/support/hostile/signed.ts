// Deliveries that prove themselves and mean harm all the same: hostile bodies under a right signature, with hostile ids,
// types and framing around them. What is taken must be told afterwards; nothing may be a defect of ours.
import type { Chance } from '../chaos/scale.ts';
import { hostileBody } from './bodies.ts';
import { inChunks, type Line, linesOf, request, type Shot } from './shot.ts';
import { type HostileSource, proofOf, proofsIn } from './sources.ts';

/** What the senders name ids, types and times with: no part of what is signed, so anybody may have put it there. */
const aside = [
  'x-github-delivery x-github-event linear-delivery x-shopify-webhook-id x-shopify-event-id x-shopify-topic svix-id',
  'x-shopify-triggered-at x-atlassian-webhook-identifier idempotency-key webhook-id x-gitlab-event x-gitlab-event-uuid',
  'x-delivery x-request-id x-forwarded-for content-type user-agent accept-encoding',
  '__proto__ constructor toString hasOwnProperty',
].flatMap((names) => names.split(' '));
const values = [
  ...'a __proto__ ../.. {statuswire}:event:x %00 2026-13-45T00:00:00Z * 0'.split(' '),
  ...['', 'a b', '\t', '\xff\xfe', '::1, unknown', "' OR 1=1 --", '9'.repeat(40), '\xe9'.repeat(300)],
  ...[256, 257, 6000].map((length) => 'x'.repeat(length)),
];

/** One proven delivery to any source that can be proven. */
export function signedShot({ chance, sources }: { chance: Chance; sources: readonly HostileSource[] }): Shot {
  const source = chance.pick(sources.filter(({ name }) => name !== 'far'));
  const target = `/hooks/${source.name}`;
  const body = hostileBody(chance);
  const id = chance.pick(['d-1', `d-${chance.below(1e9)}`, 'x'.repeat(256), '__proto__', '~!@#$%^&*()']);
  const extra = Array.from({ length: chance.below(4) }, (): Line => [chance.pick(aside), chance.pick(values)]);
  const headers = proofOf(source, body.bytes, id);
  const proof = linesOf(headers);
  const proofs = proofsIn(source, headers);
  // One of them may be there twice; a right proof that is given twice is none.
  const again = [...proof, ...extra].slice(0, chance.below(12) === 0 ? 1 : 0);
  const lines = [...proof, ...extra, ...again];
  const name = `${source.name} proves ${body.name}`;
  const sizes = [1 + chance.below(5), 1 + chance.below(5000)];
  const shot = (bytes: Buffer, more: Partial<Shot> = {}): Shot => ({
    name,
    steps: [bytes],
    allowed: 'any',
    proofs,
    ...more,
  });

  switch (chance.below(10)) {
    case 0:
    case 1:
      return shot(
        request({
          target,
          lines: [...lines, ['Transfer-Encoding', 'chunked']],
          body: inChunks(body.bytes, sizes, chance.pick(['', ';a=b'])),
        }),
      );
    case 2: {
      const whole = request({ target, lines, body: body.bytes });
      const cut = chance.below(whole.length);
      return { ...shot(whole), steps: [whole.subarray(0, cut), { pauseMs: chance.below(30) }, whole.subarray(cut)] };
    }
    case 3: {
      const expect: Line = ['Expect', '100-continue'];
      return shot(request({ target, lines: [...lines, expect], body: body.bytes }));
    }
    case 4: {
      // The same one several times in one breath: one event and its duplicates, each answered in its turn.
      const count = 2 + chance.below(4);
      const one = request({ target, lines, body: body.bytes });
      return shot(Buffer.concat(Array(count).fill(one)), { listening: { answers: count } });
    }
    case 5: {
      const whole = request({ target, lines, body: body.bytes });
      const cut = chance.below(whole.length);
      const steps = [whole.subarray(0, cut), { pauseMs: chance.below(20) }, chance.pick(['fin', 'reset'] as const)];
      return { ...shot(whole), name: 'a proven body that breaks off', steps, mayClose: true };
    }
    default:
      return shot(request({ target, lines, body: body.bytes }));
  }
}
