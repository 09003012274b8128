import { describe, expect, it } from 'vitest';
import { ticketIdsIn } from '../../../src/rule/ticket-text.ts';

const a = '0b7f2c1e-5d1a-4c55-9a53-0f6c1d2e3f40';
const b = '11111111-2222-4333-8444-555566667777';

describe('ticket ids in a text', () => {
  it.each<[string, string, string[]]>([
    ['a bare one', `ticket ${a}.`, [a]],
    ['none', 'ticket 17', []],
    ['a link before a bare one', `${b} and https://app.spacebring.com/tickets/${a}?x=1`, [a, b]],
    ['several links in their order', `https://x.y/tickets/${b} https://x.y/a/tickets/${a}/`, [b, a]],
    ['each once, also when linked and bare', `${a} https://x.y/tickets/${a} ${b} ${a}`, [a, b]],
    ['lower case', a.toUpperCase(), [a]],
    ['a link in any case', `HTTPS://X.Y/TICKETS/${a.toUpperCase()}`, [a]],
    ['a Markdown link', `[broken](https://x.y/tickets/${a})`, [a]],
    ['after a word and a dash', `ticket-${a}`, [a]],
    ['not a longer run of letters and digits', `${a}0 0${a} ${a}z x${a}`, []],
    ['another link is a bare one', `https://x.y/users/${b} https://x.y/tickets/${a}`, [a, b]],
  ])('%s', (_, text, ids) => {
    expect(ticketIdsIn(text)).toEqual(ids);
  });
});
