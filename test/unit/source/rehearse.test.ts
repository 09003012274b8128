import { expect, it } from 'vitest';
import { SourceSchema } from '../../../src/config/schema.ts';
import { rehearse } from '../../../src/source/rehearse.ts';
import { makeSources } from '../../../src/source/source.ts';

const now = Date.parse('2026-03-02T10:00:00Z');

function rehearsed(verify: string, saved: Parameters<typeof rehearse>[2]) {
  const config = SourceSchema.parse({ verify, secrets: ['whsec_c2VjcmV0'] });
  const source = makeSources({ one: config }, new Map()).get('one');
  if (source === undefined) throw new Error('there is no source');
  return rehearse(source, config, saved, now);
}

it('a saved event is read as its source would, whatever the case of its headers, without what would prove it', () => {
  const headers = { 'X-GitHub-Event': 'issues', 'X-Hub-Signature-256': 'sha256=0123' };
  expect(rehearsed('github', { headers, body: { action: 'closed' } })).toMatchObject({
    ok: true,
    draft: {
      source: 'one',
      type: 'issues.closed',
      headers: { 'x-github-event': 'issues' },
      body: { action: 'closed' },
    },
  });
});

it('a time of sending in the body that lies back is taken for now', () => {
  const body = { action: 'update', type: 'Issue', webhookTimestamp: now - 86_400_000 };
  expect(rehearsed('linear', { headers: {}, body })).toMatchObject({ ok: true, draft: { body: { type: 'Issue' } } });
});

it('what the source would not take for an event is none here either', () => {
  const body = { challenge: 'abc', token: 'x', type: 'url_verification' };
  expect(rehearsed('slack', { headers: {}, body })).toMatchObject({ ok: false });
});
