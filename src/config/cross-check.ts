// Owns what a schema cannot say: names are unique and name something, and what the file needs of the environment is
// there. Reads the plain data, so that these mistakes are told beside those of the schema and not only after them.
import { didYouMean } from './closest.ts';
import type { Document } from './document.ts';
import { tell, valueAt } from './explain.ts';
import { type Path, pathText } from './fault.ts';
import type { Environment } from './substitute.ts';
import type { Trouble } from './walk.ts';

/** The account that speaks for rules which name none: the only one, or the one called `main`. */
export function defaultAccount(accounts: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(accounts);
  return names.length === 1 ? names[0] : names.find((name) => name === 'main');
}

/** Rule names that repeat, sources and accounts that do not exist, accounts whose tokens could not be kept. */
export function crossCheck(document: Document, env: Environment): readonly Trouble[] {
  const rules = valueAt(document.data, ['rules']);
  if (!Array.isArray(rules)) return missingSecret(document, env);
  return [
    ...missingSecret(document, env),
    ...repeatedNames(document, rules.length),
    ...rules.flatMap((_, index) => [...unknownSources(document, index), ...unknownAccount(document, index)]),
  ];
}

/** Tokens of OAuth accounts rest in Redis encrypted, so these need the key; its form is for env.ts to judge. */
function missingSecret(document: Document, env: Environment): readonly Trouble[] {
  if (env.STATUSWIRE_SECRET) return [];
  return namesUnder(document, 'accounts').flatMap((name): readonly Trouble[] => {
    const path = ['accounts', name, 'auth', 'oauth'];
    if (valueAt(document.data, path) === undefined) return [];
    return [
      {
        path,
        at: 'key',
        what: `${pathText(path)} needs STATUSWIRE_SECRET, which is not set`,
        expected:
          'expected 64 hex digits for it in the environment or in .env, to keep the tokens encrypted; `openssl rand -hex 32` makes them',
      },
    ];
  });
}

function repeatedNames(document: Document, count: number): readonly Trouble[] {
  const first = new Map<string, number>();
  const troubles: Trouble[] = [];
  for (let index = 0; index < count; index++) {
    const path = ['rules', index, 'name'];
    const name = valueAt(document.data, path);
    if (typeof name !== 'string') continue;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else {
      const { line } = document.locate(['rules', earlier, 'name']);
      troubles.push({ ...wrong(document, path, `expected a name of its own; the rule in line ${line} has this one`) });
    }
  }
  return troubles;
}

function unknownSources(document: Document, index: number): readonly Trouble[] {
  const sources = namesUnder(document, 'sources');
  const unless = valueAt(document.data, ['rules', index, 'unless']);
  const places: Path[] = [
    ['rules', index, 'on'],
    ...(Array.isArray(unless) ? unless.map((_, i) => ['rules', index, 'unless', i, 'on']) : []),
  ];
  return places
    .flatMap((path) => oneOrEach(document, path))
    .flatMap((path) => unknownName(document, path, sources, 'a source'));
}

/** The place of a name, or of each name in a list. */
function oneOrEach(document: Document, path: Path): readonly Path[] {
  const value = valueAt(document.data, path);
  return Array.isArray(value) ? value.map((_, i) => [...path, i]) : [path];
}

function unknownAccount(document: Document, index: number): readonly Trouble[] {
  const accounts = namesUnder(document, 'accounts');
  const path = ['rules', index, 'account'];
  if (valueAt(document.data, path) !== undefined) return unknownName(document, path, accounts, 'an account');
  const rule = valueAt(document.data, ['rules', index]);
  const isSettled = accounts.length < 2 || accounts.includes('main') || typeof rule !== 'object' || rule === null;
  return isSettled
    ? []
    : [wrong(document, path, `expected one of the accounts ${accounts.join(', ')}, as none is called main`)];
}

function unknownName(document: Document, path: Path, known: readonly string[], kind: string): readonly Trouble[] {
  const value = valueAt(document.data, path);
  // Anything that is not a text is the schema's to tell.
  if (typeof value !== 'string' || value === '' || known.includes(value)) return [];
  if (known.length === 0) return [wrong(document, path, `expected ${kind}, and there is none`)];
  const hint = document.namesAt(path).length > 0 ? '' : didYouMean(value, known);
  return [wrong(document, path, `expected ${kind} of this file: ${known.join(', ')}${hint}`)];
}

function wrong(document: Document, path: Path, expected: string): Trouble {
  return { path, what: `${pathText(path)} ${tell(document, path)}`, expected };
}

function namesUnder(document: Document, section: string): readonly string[] {
  const value = valueAt(document.data, [section]);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
