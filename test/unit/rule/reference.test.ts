import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  linkReference,
  numberReference,
  readReference,
  toLinkKey,
  toTicketNumber,
} from '../../../src/rule/reference.ts';
import { toTicketId } from '../../../src/ticket/ticket.ts';
import { location } from './config.ts';

describe('a reference to a ticket', () => {
  it('is read as what it was made from', () => {
    expect(readReference(linkReference('jira:AB-1 @x'))).toEqual({ kind: 'link', key: 'jira:AB-1 @x' });
    expect(readReference(numberReference(30, location.toUpperCase()))).toEqual({
      kind: 'number',
      number: 30,
      location,
    });
    expect(readReference('T1')).toEqual({ kind: 'id', ticket: 'T1' });
  });

  it('never looks like an id, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
        const key = toLinkKey(text);
        if (key === undefined) return;
        expect(toTicketId(linkReference(key))).toBeUndefined();
        expect(readReference(linkReference(key))).toEqual({ kind: 'link', key });
      }),
    );
  });

  it.each(['', 'link:', 'link:\n', 'number:', 'number:0@x', `number:0@${location}`, 'number:5', 'a b', 'other:x'])(
    'is not %j',
    (text) => expect(readReference(text)).toBeUndefined(),
  );
});

it.each<[unknown, string | undefined]>([
  ['AB-1', 'AB-1'],
  ['straße 5 ☂', 'straße 5 ☂'],
  [42, '42'],
  [42n, '42'],
  ['x'.repeat(256), 'x'.repeat(256)],
  ['☂️'.slice(0, 1).repeat(256), '☂'.repeat(256)],
  ['', undefined],
  ['x'.repeat(257), undefined],
  ['x'.repeat(10_000_000), undefined],
  ['a\nb', undefined],
  ['a\u0000', undefined],
  ['a\u2028b', undefined],
  ['\u202eabc', undefined],
  ['\ud800', undefined],
  [1.5, undefined],
  [2 ** 60, undefined],
  [null, undefined],
  [true, undefined],
  [['a'], undefined],
])('%# a name for a ticket', (value, key) => expect(toLinkKey(value)).toBe(key));

it.each<[unknown, number | undefined]>([
  [30, 30],
  [30n, 30],
  ['30', 30],
  ['#30', 30],
  ['007', 7],
  [0, undefined],
  [-1, undefined],
  [1.5, undefined],
  ['', undefined],
  ['#', undefined],
  ['3 0', undefined],
  ['9'.repeat(16), undefined],
  ['9'.repeat(1000), undefined],
  [null, undefined],
])('%# a number of a ticket', (value, number) => expect(toTicketNumber(value)).toBe(number));
