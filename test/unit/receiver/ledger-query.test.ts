import { describe, expect, it } from 'vitest';
import { parseLedgerQuery } from '../../../src/receiver/ledger-query.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('a question to the ledger', () => {
  it.each<[Record<string, unknown>, object]>([
    [{}, { limit: 50 }],
    [{ limit: '1' }, { limit: 1 }],
    [{ limit: '200' }, { limit: 200 }],
    [{ since: '24h' }, { limit: 50, since: NOW - 86_400_000 }],
    [{ cursor: '1769860800000-12' }, { limit: 50, cursor: '1769860800000-12' }],
    [{ since: '1970-01-01' }, { limit: 50, since: 0 }],
    [{ since: '90s' }, { limit: 50, since: NOW - 90_000 }],
    [{ since: '2026-01-31' }, { limit: 50, since: Date.UTC(2026, 0, 31) }],
    [{ since: '2026-01-31T08:00Z' }, { limit: 50, since: Date.UTC(2026, 0, 31, 8) }],
    [{ since: '2026-01-31T08:00:00.5+02:00' }, { limit: 50, since: Date.UTC(2026, 0, 31, 6, 0, 0, 500) }],
    [{ since: '2026-01-31T08:00:00' }, { limit: 50, since: Date.UTC(2026, 0, 31, 8) }],
    [
      { verdict: 'superseded', kind: 'verdict' },
      { limit: 50, verdict: 'superseded', kind: 'verdict' },
    ],
  ])('%j is understood', (query, expected) => {
    expect(parseLedgerQuery(query, NOW)).toEqual({ ok: true, value: expected });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ limit: '0' }, 'limit'],
    [{ limit: '201' }, 'limit'],
    [{ limit: '1e2' }, 'limit'],
    [{ limit: ['1', '2'] }, 'limit'],
    [{ since: 'yesterday' }, 'since'],
    [{ since: '2026-02-31T25:00' }, 'since'],
    [{ since: '2026-01-31Z' }, 'since'],
    [{ since: '-1h' }, 'since'],
    [{ verdict: 'done' }, 'verdict'],
    [{ since: '999999w' }, 'since'],
    [{ since: '0001-01-01' }, 'since'],
    [{ since: '1969-12-31T23:59:59Z' }, 'since'],
    [{ cursor: 'a b' }, 'cursor'],
    [{ cursor: 'abc' }, 'cursor'],
    [{ cursor: '0-0' }, 'cursor'],
    [{ cursor: '5-5-5' }, 'cursor'],
    [{ cursor: '18446744073709551616' }, 'cursor'],
    [{ ticket: '../x' }, 'ticket'],
    [{ rule: '' }, 'rule'],
    [{ tickets: 'x' }, ''],
  ])('%j is refused by its place', (query, path) => {
    const result = parseLedgerQuery(query, NOW);
    expect(result).toMatchObject({ ok: false, refusal: { status: 400, errors: [{ path }] } });
  });

  it('never repeats a wrong value to whoever reads the answer', () => {
    const result = parseLedgerQuery({ since: 'words-of-a-stranger', kind: 'words of a stranger' }, NOW);
    expect(JSON.stringify(result)).not.toMatch(/of.a.stranger/);
  });
});
