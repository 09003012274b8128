// Holds docker-compose.yml and the Dockerfile to what the promises need. No daemon: the files are read, not run.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

const Service = z.object({
  command: z.array(z.string()),
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  env_file: z.string().optional(),
  ports: z.array(z.string()).default([]),
  restart: z.string(),
  stop_grace_period: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
  volumes: z.array(
    z.union([z.string(), z.object({ source: z.string(), target: z.string(), read_only: z.boolean().optional() })]),
  ),
});
const Compose = z.object({
  services: z.object({ redis: Service, receiver: Service, worker: Service }),
  volumes: z.record(z.string(), z.unknown()),
});

const { services, volumes } = Compose.parse(parse(read('docker-compose.yml'), { merge: true }));
const dockerfile = read('Dockerfile');
const instructions = dockerfile
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line));
const lastOf = (word: string) => instructions.findLast((line) => line.startsWith(`${word} `));

describe('docker-compose.yml', () => {
  it('starts a Redis that confirms a write only when it is on disk, and evicts nothing', () => {
    const flags = services.redis.command.join(' ');
    expect(services.redis.command[0]).toBe('redis-server');
    expect(flags).toContain('--appendonly yes');
    expect(flags).toContain('--appendfsync always');
    expect(flags).toContain('--maxmemory-policy noeviction');
  });

  it('keeps the data of Redis in a named volume and publishes no port of it', () => {
    expect(services.redis.volumes).toEqual(['redis-data:/data']);
    expect(volumes).toHaveProperty('redis-data');
    expect(services.redis.ports).toEqual([]);
  });

  it('calls Redis ready when it says loading:0', () => {
    expect(services.redis.healthcheck?.test?.join(' ')).toContain('loading:0');
  });

  it('publishes the receiver on loopback only', () => {
    expect(services.receiver.ports).toEqual(['127.0.0.1:8080:8080']);
    expect(services.receiver.environment).toMatchObject({ HOST: '0.0.0.0', PORT: '8080' });
    expect(services.worker.ports).toEqual([]);
  });

  it.each(Object.entries(services))('gives %s no more than it needs', (_name, service) => {
    expect(service).toMatchObject({ restart: 'unless-stopped', read_only: true, cap_drop: ['ALL'] });
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.user ?? 'node').not.toMatch(/^(root|0)(:|$)/);
  });

  it('gives a worker longer to stop than the longest call may take', () => {
    // src/config/schema.ts: callTimeout is at most 60s.
    expect(Number.parseInt(services.worker.stop_grace_period, 10)).toBeGreaterThan(60);
  });

  it('mounts the configuration read-only where STATUSWIRE_CONFIG says', () => {
    for (const service of [services.receiver, services.worker]) {
      const target = service.environment.STATUSWIRE_CONFIG;
      expect(service.volumes[0]).toMatchObject({ source: './statuswire.yaml', target, read_only: true });
    }
    expect(services.worker.volumes).toHaveLength(1);
  });

  it('keeps what the receiver remembers of Redis in a named volume, where the image may write', () => {
    const [, home] = /\bSTATUSWIRE_HOME=(\S+)/.exec(dockerfile) ?? [];
    expect(services.receiver.volumes.slice(1)).toEqual([`receiver-home:${home}`]);
    expect(volumes).toHaveProperty('receiver-home');
    expect(dockerfile).toContain(`chown node:node ${home}\n`);
  });

  const commandLine = readdirSync(new URL('../../src/', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^cli(\.ts|[/\\].*\.ts)$/.test(path))
    .map((path) => read(`src/${path}`))
    .join('\n');
  it.each(['receiver', 'worker'] as const)('runs the command %s, which exists', (name) => {
    expect(services[name].command).toEqual([name]);
    expect(commandLine).toMatch(new RegExp(`command\\(\\s*['"\`]${name}\\b`, 'i'));
  });

  it('passes no key that .env.example does not explain', () => {
    const explained = new Set(
      read('.env.example')
        .match(/^(?:# ?)?[A-Z][A-Z0-9_]*(?==)/gm)
        ?.map((key) => key.replace(/^# ?/, '')),
    );
    const passed = [...Object.keys(services.receiver.environment), ...Object.keys(services.worker.environment)];
    expect(passed.filter((key) => !explained.has(key))).toEqual([]);
  });
});

describe('Dockerfile', () => {
  it('runs as a user who is not root', () => {
    expect(lastOf('USER')).toBe('USER node');
  });

  it('starts the command of the package', () => {
    const { bin } = z.object({ bin: z.object({ statuswire: z.string() }) }).parse(JSON.parse(read('package.json')));
    expect(lastOf('ENTRYPOINT')).toBe(`ENTRYPOINT ["node", "${bin.statuswire}"]`);
    expect(lastOf('CMD')).toBe('CMD ["start"]');
  });

  it('asks /healthz whether it is alive', () => {
    const [, check] = /CMD (\[.*\])$/.exec(lastOf('HEALTHCHECK') ?? '') ?? [];
    expect(z.array(z.string()).parse(JSON.parse(check ?? ''))[2]).toContain('/healthz');
  });

  it('pins the Node that package.json asks for', () => {
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:20\.20\.\d+-bookworm-slim$/m);
    expect(instructions.filter((line) => line.startsWith('FROM ') && !/^FROM \$\{NODE_IMAGE\}/.test(line))).toEqual([]);
  });

  it('copies nothing that is not there, and only what .dockerignore lets through', () => {
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    const sent = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const path of copied) {
      expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
      expect(
        sent.some((one) => one === path || one.startsWith(`${path}/`)),
        path,
      ).toBe(true);
    }
  });
});
