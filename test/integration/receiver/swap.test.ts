// Other rules under a running receiver: the next request has them, one in flight ends with those it began with.
import { connect } from 'node:net';
import { expect, inject, it, onTestFinished } from 'vitest';
import { type Loaded, loadConfig } from '../../../src/config/load.ts';
import { makeLedger } from '../../../src/ledger/redis-ledger.ts';
import { checkRules } from '../../../src/rule/rulebook.ts';
import { startReceiver } from '../../../src/server.ts';
import { openTestRedis } from '../../support/redis.ts';
import { quiet } from '../../support/redis-places.ts';
import { until } from '../../support/until.ts';

function rules(status: string): Loaded {
  const text = `accounts: { main: { auth: { basic: { clientId: a, clientSecret: b } } } }
sources: { open: { verify: none } }
rules: [{ name: a, on: open, ticket: body.ticket, set: ${status} }]`;
  const loaded = loadConfig({ file: 'f.yaml', text, env: {}, check: checkRules });
  if (!loaded.ok) throw new Error('it has faults');
  return loaded;
}

it('a request in flight keeps the rules it began with, the next one has the new ones', async () => {
  const redis = await openTestRedis();
  const env = { HOST: '127.0.0.1', PORT: 0, STATUSWIRE_PREFIX: redis.names.tag.slice(1, -1) };
  const [old, fresh] = [rules('solved'), rules('closed')];
  const parts = {
    loaded: old,
    env: { ...env, STATUSWIRE_API_TOKEN: undefined },
    redisUrl: inject('redisUrl'),
    log: quiet,
  };
  const receiver = await startReceiver(parts);
  onTestFinished(async () => {
    await receiver.close();
    await redis.close();
  });
  const storyOf = async (answer: string) => {
    const { event } = JSON.parse(answer.slice(answer.indexOf('{'))) as { event: string };
    return makeLedger(redis.client, redis.names).event(event);
  };

  const body = JSON.stringify({ ticket: 't-1' });
  const socket = connect(Number(new URL(receiver.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  // The server says "go on" once it has handed the request over; its body comes after the swap.
  socket.write(
    `POST /hooks/open HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  await until('the request is in flight', 10_000, () => answer.includes('100 Continue'));
  receiver.swap(fresh);
  const next = await fetch(`${receiver.url}/hooks/open`, { method: 'POST', body: JSON.stringify({ ticket: 't-2' }) });
  answer = '';
  socket.write(body);
  await until('it is answered', 10_000, () => /\r\n\r\n\{.*\}/s.test(answer));
  socket.destroy();

  expect(await storyOf(answer)).toMatchObject({ version: old.version, decisions: [{ status: 'solved' }] });
  expect(await storyOf(await next.text())).toMatchObject({ version: fresh.version, decisions: [{ status: 'closed' }] });
});
