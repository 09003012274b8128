// Owns which of the distribution's packages a Redis server needs on this machine. Pure; reads what apt and dpkg print.

/** A package's needs: each is a list of alternatives, of which one must be there. */
export type Needs = readonly (readonly string[])[];

/** Servers by preference; each stands in a package of its own, with the program itself in its tools. */
export const serverPackages = ['valkey-server', 'redis-server'] as const;

const tools = /^(?:redis|valkey)-tools$/;
const library = /^(?:lib|lua)/;

/** Reads the text of `apt-cache show`: the needs of each package in it, by name. */
export function readNeeds(aptCacheShow: string): Map<string, Needs> {
  const records = aptCacheShow.split(/\n{2,}/).flatMap((record) => {
    const name = field(record, 'Package');
    return name === undefined ? [] : [[name, needsOf(record)] as const];
  });
  return new Map(records);
}

/**
 * The packages to fetch next because of `needs`: the server's tools always (its program is in there), libraries only
 * where no alternative is installed. What else a package asks for (users, init scripts) an unpacked server does without.
 */
export function missing(needs: Iterable<Needs>, installed: ReadonlySet<string>): string[] {
  return [...needs].flat().flatMap((alternatives) => {
    const tool = alternatives.find((name) => tools.test(name));
    if (tool !== undefined) return [tool];
    if (alternatives.some((name) => installed.has(name))) return [];
    return alternatives.slice(0, 1).filter((name) => library.test(name));
  });
}

/** Reads `dpkg-query -W -f '${db:Status-Abbrev}${Package}\n'`: the names of installed packages. */
export function readInstalled(dpkgQuery: string): Set<string> {
  return new Set(dpkgQuery.split('\n').flatMap((line) => /^.i\s+(\S+)/.exec(line)?.[1] ?? []));
}

function needsOf(record: string): Needs {
  return ['Pre-Depends', 'Depends']
    .flatMap((name) => field(record, name)?.split(',') ?? [])
    .map((group) => group.split('|').flatMap((one) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(one)?.[1] ?? []));
}

function field(record: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(record)?.[1];
}
