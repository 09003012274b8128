// Owns how a Redis address is written. Pure; a fault says what was expected and repeats nothing of the address but its
// scheme, because a badly written password can end up in any other part of it.

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

interface Login {
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is and how to log in. `sentinelLogin` is for Sentinels that ask for a password of their own. */
export type RedisAddress = Login &
  (
    | {
        readonly kind: 'single';
        readonly host: string;
        readonly port: number;
        readonly db: number;
        readonly tls: boolean;
      }
    | { readonly kind: 'socket'; readonly path: string; readonly db: number }
    | {
        readonly kind: 'sentinel';
        readonly sentinels: readonly HostPort[];
        readonly master: string;
        readonly db: number;
        readonly tls: boolean;
        readonly sentinelLogin: Login;
      }
    | { readonly kind: 'cluster'; readonly nodes: readonly HostPort[]; readonly tls: boolean }
  );

const forms = [
  'redis://[user:password@]host[:port][/db]',
  'unix:///path[?db=n]',
  'redis+sentinel://[user:password@]host:port,host:port/master-name[/db]',
  'redis+cluster://[user:password@]host:port,host:port',
  'or the same with rediss for TLS',
].join(', ');

interface Parts {
  readonly scheme: string;
  readonly login: Login;
  readonly hosts: string;
  /** What follows the hosts, with its leading slash. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Reads an address; throws an Error that is safe to print. Forms: see `forms` above. */
export function parseRedisUrl(url: string): RedisAddress {
  const parts = split(url);
  const tls = parts.scheme.startsWith('rediss');
  const { login, path } = parts;
  switch (parts.scheme) {
    case 'redis':
    case 'rediss': {
      const [node, ...more] = hostsOf(parts, 6379);
      if (node === undefined || more.length > 0)
        throw fault(parts.scheme, 'one host (several need redis+sentinel or redis+cluster)');
      onlyQuery(parts, []);
      return { kind: 'single', ...node, ...login, db: dbOf(parts, path.slice(1)), tls };
    }
    case 'unix':
      if (parts.hosts !== '' || path.length < 2) throw fault('unix', 'an absolute path, as in unix:///run/redis.sock');
      onlyQuery(parts, ['db']);
      return {
        kind: 'socket',
        path: decoded(parts.scheme, path),
        ...login,
        db: dbOf(parts, parts.query.get('db') ?? ''),
      };
    case 'redis+sentinel':
    case 'rediss+sentinel': {
      const [master = '', db = '', ...more] = path.slice(1).split('/');
      if (master === '' || more.length > 0)
        throw fault(parts.scheme, 'the name of the master after the hosts, as in /mymaster or /mymaster/0');
      onlyQuery(parts, ['sentinelUsername', 'sentinelPassword']);
      const sentinelLogin = loginOf(parts.query.get('sentinelUsername'), parts.query.get('sentinelPassword'));
      const sentinels = hostsOf(parts, 26379);
      return {
        kind: 'sentinel',
        sentinels,
        master: decoded(parts.scheme, master),
        ...login,
        db: dbOf(parts, db),
        tls,
        sentinelLogin,
      };
    }
    case 'redis+cluster':
    case 'rediss+cluster':
      if (path.length > 1) throw fault(parts.scheme, 'nothing after the hosts (a cluster has only database 0)');
      onlyQuery(parts, []);
      return { kind: 'cluster', nodes: hostsOf(parts, 6379), ...login, tls };
    default:
      throw new Error(`The Redis address is not understood; expected ${forms}`);
  }
}

/** The address of a Redis that listens on a unix socket. */
export function socketUrl(path: string): string {
  return `unix://${path.split('/').map(encodeURIComponent).join('/')}`;
}

function split(url: string): Parts {
  const match = /^([a-z+]+):\/\/(?:([^@/?]*)@)?([^@/?#]*)(\/[^?#@]*)?(?:\?([^#]*))?$/.exec(url.trim());
  const scheme = /^[a-z+]+(?=:\/\/)/.exec(url.trim())?.[0] ?? '';
  if (match === null) throw fault(scheme, 'one of its forms');
  const [, , credentials, hosts = '', path = '', query = ''] = match;
  return { scheme, login: readLogin(scheme, credentials), hosts, path, query: new URLSearchParams(query) };
}

function readLogin(scheme: string, credentials: string | undefined): Login {
  if (credentials === undefined) return {};
  const [username = '', password, ...more] = credentials.split(':');
  if (password === undefined || more.length > 0) throw fault(scheme, 'user:password@ or :password@ before the host');
  return loginOf(decoded(scheme, username), decoded(scheme, password));
}

function loginOf(username: string | null, password: string | null): Login {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

function hostsOf(parts: Parts, defaultPort: number): HostPort[] {
  return parts.hosts.split(',').map((text) => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
    const host = match?.[1] ?? match?.[2];
    const port = Number(match?.[3] ?? defaultPort);
    if (host === undefined || port < 1 || port > 65535)
      throw fault(parts.scheme, 'host:port, with a port from 1 to 65535');
    return { host, port };
  });
}

function dbOf(parts: Parts, text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw fault(parts.scheme, 'a database number');
  return Number(text);
}

function onlyQuery(parts: Parts, known: readonly string[]): void {
  if ([...parts.query.keys()].every((key) => known.includes(key))) return;
  throw fault(parts.scheme, known.length === 0 ? 'no options after ?' : `only ${known.join(', ')} after ?`);
}

function decoded(scheme: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fault(scheme, '% to be followed by two hex digits');
  }
}

function fault(scheme: string, expected: string): Error {
  const named = scheme === '' ? 'The Redis address' : `The ${scheme}:// address of Redis`;
  return new Error(
    `${named} is not understood; expected ${expected}. Forms: ${forms}. In a user name or password the characters : / ? # @ % are written as %3A %2F %3F %23 %40 %25.`,
  );
}
