// Owns which promise a weaker setting of Redis bends, in plain words for the log and for /readyz. Pure.
// Sources: the comments of redis.conf, and what was measured: a killed process loses nothing with either fsync, a cut
// of the file's last second loses 43 % of what was confirmed in a burst with `everysec`.

/** One setting that bends a promise. */
export interface Weakness {
  readonly setting: string;
  readonly value: string;
  /** Which promise, in plain words. */
  readonly bends: string;
  /** What to do. */
  readonly mend: string;
}

/** A server's settings as it tells them; `unknown` where it tells nothing. */
export interface Settings {
  readonly version: string;
  readonly role: string;
  readonly appendonly: string;
  readonly appendfsync: string;
  readonly maxmemoryPolicy: string;
  /** Bytes; 0 is no limit. */
  readonly maxmemory: string;
  readonly replicas: string;
  readonly minReplicasToWrite: string;
}

/** What a server keeps to itself. */
export const unknown = 'unknown';

/** Which promises these settings bend. Pure. */
export function judge(settings: Settings): Weakness[] {
  return [...durability(settings), ...memory(settings), ...topology(settings), ...age(settings)];
}

function durability({ appendonly, appendfsync }: Settings): Weakness[] {
  const lost = 'an accepted event may be lost';
  if (appendonly === unknown) {
    return [
      {
        setting: 'appendonly',
        value: unknown,
        bends: `Nobody can tell whether ${lost} when Redis restarts: this server does not show its settings.`,
        mend: 'See at the provider that append-only persistence is on, with fsync always.',
      },
    ];
  }
  if (appendonly !== 'yes') {
    return [
      {
        setting: 'appendonly',
        value: appendonly,
        bends: `Nothing accepted is lost: no longer true. When Redis restarts, ${lost}, with its wishes and its history.`,
        mend: 'Set "appendonly yes" and "appendfsync always" in redis.conf, or CONFIG SET both and CONFIG REWRITE.',
      },
    ];
  }
  const spans: Readonly<Record<string, string>> = { everysec: 'the last second', no: 'about the last 30 seconds' };
  if (appendfsync === 'always') return [];
  const span = spans[appendfsync];
  return [
    {
      setting: 'appendfsync',
      value: appendfsync,
      bends:
        span === undefined
          ? `Nobody can tell how much is lost when the machine loses power: this server does not show its settings.`
          : `Nothing accepted is lost: true when Redis crashes, but when the machine does, ${span} of accepted events may be.`,
      mend: 'Set "appendfsync always" in redis.conf, or CONFIG SET it and CONFIG REWRITE.',
    },
  ];
}

function memory({ maxmemoryPolicy, maxmemory }: Settings): Weakness[] {
  if (maxmemoryPolicy === 'noeviction') return [];
  const today = maxmemory === '0' ? 'No limit is set (maxmemory 0), so nothing is evicted yet; once one is, ' : '';
  return [
    {
      setting: 'maxmemory-policy',
      value: maxmemoryPolicy,
      bends: `${today}Redis at its memory limit silently deletes what it kept: wishes, history, the marks that recognise a repeated event.`,
      mend: 'Set "maxmemory-policy noeviction": at the limit Statuswire then answers 503 and loses nothing.',
    },
  ];
}

function topology({ role, replicas, minReplicasToWrite }: Settings): Weakness[] {
  if (role === 'slave' || role === 'replica') {
    return [
      {
        setting: 'role',
        value: 'replica',
        bends: 'Nothing can be accepted: a replica refuses every write.',
        mend: 'Let REDIS_URL name the primary, or the Sentinels (redis+sentinel://…).',
      },
    ];
  }
  if (Number(replicas) > 0 && minReplicasToWrite === '0') {
    return [
      {
        setting: 'min-replicas-to-write',
        value: '0',
        bends: 'Nothing accepted is lost: not when a replica takes over, for it may lack the last confirmed writes.',
        mend: 'Set "min-replicas-to-write 1" and "min-replicas-max-lag 10"; that narrows the gap and cannot close it.',
      },
    ];
  }
  return [];
}

function age({ version }: Settings): Weakness[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (version === unknown || major > 6 || (major === 6 && minor >= 2)) return [];
  return [
    {
      setting: 'version',
      value: version,
      bends: 'Nothing is promised here: Statuswire needs Redis 6.2 or newer, or Valkey.',
      mend: 'Upgrade the server.',
    },
  ];
}
