import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSavedEvent } from '../../../src/cli/event-file.ts';
import { ownFolder } from './folder.ts';

function read(text: string, name = 'event.json') {
  const file = join(ownFolder(), name);
  writeFileSync(file, text);
  try {
    return readSavedEvent(file).value;
  } catch (error) {
    return (error as Error).message.replaceAll(file, name);
  }
}

describe('a saved event', () => {
  it('has a source and a body, and what else it says', () => {
    expect(read('{"source": "github", "body": null}')).toEqual({ source: 'github', headers: {}, body: null });
    const at = '2026-03-01T00:00:00Z';
    const whole = {
      id: 'ev_1',
      source: 'a',
      type: 't',
      at,
      receivedAt: 1_772_323_200,
      headers: { 'X-A': 'b' },
      body: [],
    };
    const moment = Date.parse(at);
    expect(read(`\ufeff${JSON.stringify(whole)}`)).toEqual({ ...whole, at: moment, receivedAt: moment });
    expect(read('source: github\nbody: { a: yes }\n', 'event.yaml')).toMatchObject({ body: { a: 'yes' } });
  });

  it('is taken as JSON has it, also where YAML would object', () => {
    const deep = `${'['.repeat(60)}${']'.repeat(60)}`;
    const body = `{"": 1, "<<": "*a", "a": "!x", "\\t": 9007199254740993, "deep": ${deep}}`;
    expect(read(`{"source": "github",\n\t"body": ${body}}`)).toMatchObject({ body: JSON.parse(body) as object });
  });

  it('of a megabyte is read in a moment', () => {
    const body = Array.from({ length: 20_000 }, (_, index) => ({ index, text: 'the quick brown fox jumps over it' }));
    expect(read(JSON.stringify({ source: 'github', body }))).toMatchObject({ source: 'github' });
  });

  it.each([
    ['{"source": 1, "body": {}}', 'event.json:1:12: source is 1, expected the name of a source'],
    ['{"source": "a", "headers": {"a b": "c"}, "body": 1}', 'event.json:1:29: headers["a b"] is not a name'],
    ['{"source": "a", "headers": {"a": 1}, "body": 1}', 'event.json:1:34: headers.a is 1, expected a text'],
    ['[]', 'event.json:1:1: the file is an empty list'],
    ['', 'event.json:1:1: the JSON ends too early'],
  ])('%s is refused at its place', (text, fault) => {
    expect(read(text)).toContain(fault);
  });
});
