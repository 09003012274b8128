// Reads the text format of Prometheus (0.0.4) as strictly as a scraper does, so that a test can ask for single values.

export interface Exposition {
  /** Kind of each metric by its name. */
  readonly kinds: ReadonlyMap<string, string>;
  /** Values by `name{label="value",…}`, as written. */
  readonly values: ReadonlyMap<string, number>;
}

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]?Inf)$/;

/** Throws on a line that is neither help, type nor sample, on a sample before its type, and on one that is there twice. */
export function readExposition(text: string): Exposition {
  const kinds = new Map<string, string>();
  const values = new Map<string, number>();
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, declared, kind] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (declared !== undefined) {
      if (kinds.has(declared)) throw new Error(`${declared} is declared twice`);
      kinds.set(declared, kind ?? '');
      continue;
    }
    if (/^# HELP \S+ .+$/.test(line)) continue;
    const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? [];
    if (value === undefined) throw new Error(`no sample: ${line}`);
    const isDeclared = kinds.has(name) || kinds.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';
    if (!isDeclared) throw new Error(`${name} has no type`);
    if (values.has(`${name}${labels}`)) throw new Error(`twice: ${line}`);
    values.set(`${name}${labels}`, Number(value));
  }
  return { kinds, values };
}
