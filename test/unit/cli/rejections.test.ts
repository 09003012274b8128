import { describe, expect, it } from 'vitest';
import { tellTurnedAway } from '../../../src/cli/rejections.ts';
import { advice } from '../../../src/ledger/rejection.ts';
import { rejection } from '../../support/rejection.ts';

const told = (over: Parameters<typeof rejection>[0], at: string) => ({ ...rejection(over), at });

describe('what was turned away, on a terminal', () => {
  it('is a table with the newest last, then the counts, then what to do', () => {
    const lines = tellTurnedAway({
      rejections: [
        told(
          {
            source: '(unknown)',
            asked: 'gihub',
            reason: 'unknown-source',
            status: 404,
            why: 'no such source',
            announcedBytes: 9,
          },
          '2026-11-24T10:00:01.000Z',
        ),
        told({ requestId: 'req_a', from: '192.0.2.7', bodyBytes: 1, type: 'text/plain' }, '2026-11-24T10:00:00.000Z'),
      ],
      counts: {
        github: { unproven: { today: 1, week: 12, total: 345 } },
        '(unknown)': { 'unknown-source': { today: 10, week: 10, total: 10 } },
      },
    });
    expect(lines).toEqual([
      '2026-11-24T10:00:00.000Z  github           unproven        401  there is no x-hub-signature-256 header (from 192.0.2.7, 1 byte, text/plain, req_a)',
      expect.stringMatching(
        /^2026-11-24T10:00:01.000Z {2}\(unknown\) gihub {2}unknown-source {2}404 {2}no such source \(9 bytes announced, req_\d+\)$/,
      ),
      '',
      'github     unproven        1 today   12 in 7 days  345 in all',
      '(unknown)  unknown-source  10 today  10 in 7 days  10 in all',
      '',
      `unproven:        ${advice.unproven}`,
      `unknown-source:  ${advice['unknown-source']}`,
    ]);
  });

  it('is told by its counts alone when it was too long ago', () => {
    const counts = { github: { stale: { today: 0, week: 0, total: 3 } } };
    expect(tellTurnedAway({ rejections: [], counts })[0]).toBe('github  stale  0 today  0 in 7 days  3 in all');
  });

  it('of a reason that a newer version has, sends to its page', () => {
    const counts = { github: { toString: { today: 1, week: 1, total: 1 } } };
    expect(tellTurnedAway({ rejections: [], counts }).at(-1)).toBe('toString:  See docs/sources.md.');
  });

  it('is nothing, and then where else to look', () => {
    expect(tellTurnedAway({ rejections: [], counts: {} })).toEqual([
      'Nothing was turned away.',
      expect.stringContaining('did not arrive here'),
    ]);
  });
});
