// Who else uses a private server, read from what CLIENT LIST prints.
import { expect, it } from 'vitest';
import { othersIn } from '../../../src/redis/lifeline.ts';

const own = `statuswire:${process.pid}:lifeline:a`;
const lists: readonly (readonly [others: string, names: readonly string[]])[] = [
  ['none', [own, `statuswire:${process.pid}:command`, '', 'redis-cli']],
  ['connected', [own, 'statuswire:1:command']],
  ['held', [own, 'statuswire:1:command', 'statuswire:1:lifeline:b']],
  ['held', [own, `statuswire:${process.pid}:lifeline:b`]],
];

it.each(lists)('the others are %s', (others, names) => {
  const text = names
    .map((name, id) => `id=${id} addr=/run/redis.sock:0 fd=8 name=${name} age=1 lib-name=ioredis`)
    .join('\n');
  expect(othersIn(`${text}\n`, own)).toBe(others);
});
