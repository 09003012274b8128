// Owns `${NAME}`: what it looks like and what replaces it. Works on values that are parsed already, so that nothing
// in the environment can become YAML.

/** Where values come from: the process environment over `.env`, as env.ts gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with one `${…}`, and how far into the text it stands. */
export interface SubstitutionFault {
  readonly offset: number;
  readonly what: string;
  readonly expected: string;
}

export interface Substitution {
  readonly text: string;
  /** The names whose values are in `text`; such a text is never printed. */
  readonly names: readonly string[];
  readonly faults: readonly SubstitutionFault[];
}

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g;
const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Replaces each `${NAME}` by its value; `$${` stands for `${`. An unset or empty name is a fault and stays as it is. */
export function substitute(source: string, env: Environment): Substitution {
  const names: string[] = [];
  const faults: SubstitutionFault[] = [];
  const text = source.replace(reference, (found: string, name: string | undefined, end: string, offset: number) => {
    if (name === undefined) return `\${`;
    const value = namePattern.test(name) && end === '}' ? lookUp(name, env) : undefined;
    if (value !== undefined) {
      names.push(name);
      return value;
    }
    faults.push({ offset, ...explain(name, end === '}') });
    return found;
  });
  return { text, names, faults };
}

/** All the names that a text refers to, each once, in order. */
export function namesIn(text: string): readonly string[] {
  const names = [...text.matchAll(reference)].map((match) => match[1] ?? '');
  return [...new Set(names.filter((name) => namePattern.test(name)))];
}

function lookUp(name: string, env: Environment): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return value === '' ? undefined : value;
}

function explain(name: string, isClosed: boolean) {
  if (isClosed && namePattern.test(name)) {
    return {
      what: `needs \${${name}}, which is not set`,
      expected: `expected a value for ${name} in the environment or in .env`,
    };
  }
  return {
    what: `holds a \${ that names nothing`,
    expected: `expected \${NAME} with letters, digits and _; write $\${ for the two characters themselves`,
  };
}
