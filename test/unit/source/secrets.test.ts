import { expect, it } from 'vitest';
import { SourceSchema } from '../../../src/config/schema.ts';
import { signAs, toPreset } from '../../../src/source/schemes.ts';
import { makeSources } from '../../../src/source/source.ts';
import { delivery, NOW } from './deliveries.ts';

const body = Buffer.from('{}');
const LAST_MOMENT = Date.UTC(2026, 11, 31, 23, 59, 59, 999);

function verify(secrets: readonly unknown[], signedWith: string, nowMs = NOW) {
  const source = makeSources({ hooks: SourceSchema.parse({ verify: 'github', secrets }) }, new Map()).get('hooks');
  const headers = signAs(toPreset('github'), signedWith, body, { id: 'd', nowMs });
  return source?.verify(delivery(body, headers), nowMs);
}

it('a secret proves until the end of its last day, in UTC, and not a moment longer', () => {
  const secrets = ['new', { value: 'old', until: '2026-12-31' }];
  expect(verify(secrets, 'old', LAST_MOMENT)).toMatchObject({ ok: true, secretIndex: 1 });
  expect(verify(secrets, 'old', LAST_MOMENT + 1)).toEqual({
    ok: false,
    why: 'it fits only a secret whose time has ended (`until`)',
    fault: 'ended-secret',
  });
  expect(verify(secrets, 'new', LAST_MOMENT + 1)).toMatchObject({ ok: true, secretIndex: 0 });
});

it('a secret is named by its place in the list, also behind one that has ended', () => {
  const secrets = [{ value: 'a', until: '2026-01-01' }, 'b', { value: 'c' }];
  expect(verify(secrets, 'c')).toMatchObject({ ok: true, secretIndex: 2 });
  expect(verify(secrets, 'd')).toMatchObject({ ok: false, why: expect.stringContaining('fits none') });
});

it('a secret is old while one before it is live, and only then', () => {
  const rotated = ['b', { value: 'a', until: '2026-12-31' }];
  expect(verify(rotated, 'a', LAST_MOMENT)).toMatchObject({ ok: true, isOld: true });
  expect(verify(rotated, 'b', LAST_MOMENT)).not.toHaveProperty('isOld');
  const planned = [{ value: 'a', until: '2026-12-31' }, 'b', 'c'];
  expect(verify(planned, 'b', LAST_MOMENT)).toMatchObject({ ok: true, isOld: true });
  expect(verify(planned, 'b', LAST_MOMENT + 1)).not.toHaveProperty('isOld');
  expect(verify(planned, 'c', LAST_MOMENT + 1)).toMatchObject({ ok: true, isOld: true });
});

it('a source whose secrets have all ended takes nothing', () => {
  expect(verify([{ value: 'a', until: '2026-01-01' }], 'a')?.ok).toBe(false);
});

it.each([
  ['2026-12-31', LAST_MOMENT + 1],
  ['2028-02-29', Date.UTC(2028, 2, 1)],
  ['2026-12-31T12:00:00+01:00', Date.UTC(2026, 11, 31, 11)],
])('until %s ends at %i', (until, moment) => {
  const { secrets } = SourceSchema.parse({ verify: 'github', secrets: [{ value: 'a', until }] });
  expect(secrets).toEqual([{ value: 'a', until: moment }]);
});

it.each(['2026-02-30', '2026-13-01', '31.12.2026', '2026-12-31T12:00:00', 'never', '1798761600', ''])(
  'until %j is no end',
  (until) => {
    expect(SourceSchema.safeParse({ verify: 'github', secrets: [{ value: 'a', until }] }).success).toBe(false);
  },
);
