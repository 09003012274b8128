// Who goes together, and who hears what. The script is the test's: it answers each event with its own arguments.
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeGroupCommit } from '../../../src/change/group-commit.ts';

type Args = readonly (string | number | Buffer)[];

/** Events of two arguments, its name and whatever; `answer` may change what the script says about one. */
function world(answer: (name: string) => unknown = (name) => [name]) {
  const scripts: Args[] = [];
  const namesIn = (args: Args) => args.filter((_, i) => i % 2 === 0).map(String);
  const commit = makeGroupCommit(async (...args) => {
    scripts.push(args);
    return namesIn(args).map(answer);
  });
  return { commit, scripts, groups: () => scripts.map(namesIn) };
}

const names = (count: number, name = 'e') => Array.from({ length: count }, (_, i) => `${name}${i}`);

describe('events of one turn of the event loop', () => {
  it('go to Redis in one script, in their order, and each hears its own answer', async () => {
    const { commit, groups } = world();
    const all = names(10);
    expect(await Promise.all(all.map((name) => commit([name, 'x'])))).toEqual(all.map((name) => [name]));
    expect(groups()).toEqual([all]);
  });

  it('do not wait for those of the next', async () => {
    const { commit, groups } = world();
    for (const name of ['a', 'b']) {
      void commit([name, 'x']);
      await nextTurn();
    }
    expect(groups()).toEqual([['a'], ['b']]);
  });

  it('wait for the answer that is under way with all that come meanwhile, whatever it is, unless they are many', async () => {
    const answers: ((answer: unknown) => void)[] = [];
    const groups: string[][] = [];
    const commit = makeGroupCommit((...args) => {
      groups.push(args.filter((_, i) => i % 2 === 0).map(String));
      return new Promise((resolve) => answers.push(resolve));
    });
    const come = async (...all: string[]) => {
      for (const name of all) commit([name, 'x']).catch(() => {});
      await nextTurn();
      await nextTurn();
    };
    await come('a');
    await come('b');
    await come('c', 'd');
    expect(groups).toEqual([['a']]);
    answers[0]?.(Promise.reject(new Error('Command timed out')));
    await come();
    expect(groups.slice(1)).toEqual([['b', 'c', 'd']]);
    await come(...names(40));
    expect(groups.slice(2)).toEqual([names(32)]);
    answers[2]?.([]);
    await come();
    expect(groups, 'one is still under way').toHaveLength(3);
    answers[1]?.([]);
    await come();
    expect(groups.slice(3)).toEqual([names(40).slice(32)]);
  });

  it('are parted when they are many, many arguments or many bytes; the full group leaves at once', () => {
    const full = world();
    for (const name of names(40)) void full.commit([name, 'x']);
    expect(full.groups()).toEqual([names(32)]);

    const wide = world();
    void wide.commit(['a', ...Array.from({ length: 1_999 }, () => 'x')]);
    void wide.commit(['b', 'x']);
    expect(wide.scripts.map(([name]) => name)).toEqual(['a']);

    for (const heavy of ['x'.repeat(600_000), Buffer.alloc(600_000)]) {
      const large = world();
      for (const name of ['a', 'b', 'c']) void large.commit([name, heavy]);
      expect(large.groups()).toEqual([['a', 'b']]);
    }
  });
});

describe('what is wrong', () => {
  it('with one event is told to it alone', async () => {
    const wrong = new Error('WRONGTYPE');
    const { commit } = world((name) => (name === 'b' ? wrong : [name]));
    const [a, b, c] = await Promise.allSettled(['a', 'b', 'c'].map((name) => commit([name, 'x'])));
    expect([a?.status, b, c?.status]).toEqual(['fulfilled', { status: 'rejected', reason: wrong }, 'fulfilled']);
  });

  it('with the script is told to all of its group, and to no other', async () => {
    const away = new Error('Command timed out');
    let isAway = true;
    const commit = makeGroupCommit(async (name) => {
      if (isAway) throw away;
      return [[name]];
    });
    const first = Promise.allSettled(['a', 'b'].map((name) => commit([name])));
    await nextTurn();
    isAway = false;
    const second = commit(['c']);
    expect(await first).toEqual(['a', 'b'].map(() => ({ status: 'rejected', reason: away })));
    expect(await second).toEqual(['c']);
  });

  it('is an answer too few: it is not taken for another event’s', async () => {
    const commit = makeGroupCommit(async () => [['a']]);
    const [a, b] = await Promise.allSettled([commit(['a']), commit(['b'])]);
    expect([a?.status, b?.status]).toEqual(['fulfilled', 'rejected']);
  });
});

it('whoever comes when, each is in one script, in order, with its own answer', async () => {
  const turns = fc.array(fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 50 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(turns, async (turns) => {
      const { commit, scripts } = sized();
      const answers: Promise<unknown>[] = [];
      const wanted: string[] = [];
      for (const [i, sizes] of turns.entries()) {
        for (const [j, size] of sizes.entries()) {
          const name = `${i}.${j}`;
          wanted.push(name);
          answers.push(commit([name, size, ...Array.from({ length: size }, () => 'x')]));
        }
        await nextTurn();
      }
      expect(await Promise.all(answers)).toEqual(wanted.map((name) => [name]));
      expect(scripts.flat()).toEqual(wanted);
    }),
    { numRuns: 50 },
  );
});

/** A script whose events say how many arguments they have, as those of accept.lua do. */
function sized() {
  const scripts: string[][] = [];
  const commit = makeGroupCommit(async (...args) => {
    const group: string[] = [];
    for (let at = 0; at < args.length; at += 2 + Number(args[at + 1])) group.push(String(args[at]));
    scripts.push(group);
    return group.map((name) => [name]);
  });
  return { commit, scripts };
}
