// One source of every shape and of every sender in the catalogue, each with a secret of its own that must be found
// nowhere; and deliveries made as these senders make them.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { VerifySchema } from '../../../src/config/source-schema.ts';
import { wayOf } from '../../../src/source/choice.ts';
import { signAs, toPreset } from '../../../src/source/schemes.ts';
import { proofHeaders, type Scheme } from '../../../src/source/signature.ts';

export interface HostileSource {
  readonly name: string;
  readonly verify: unknown;
  /** As it stands in the environment; undefined where nothing is proven. */
  readonly secret?: string;
  /** What the sender signs with, where that is not what the receiver has. */
  readonly signWith?: string;
  /** Other keys of the source. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const word = () => `s3cret-${randomBytes(12).toString('hex')}`;
const whsec = () => `whsec_${randomBytes(24).toString('base64')}`;

export function makeHostileSources(): readonly HostileSource[] {
  const pair = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const base64 = (text: string | undefined) => Buffer.from(text ?? '', 'base64url').toString('base64');
  const plain = [
    'github',
    'slack',
    'linear',
    'pagerduty',
    'shopify',
    'jira',
    'maintainx',
    'aftership',
    'clickup',
    'kisi',
  ];
  return [
    ...plain.map((name) => ({ name, verify: name, secret: word() })),
    { name: 'gitlab', verify: 'gitlab', secret: word() },
    { name: 'gitlab-signed', verify: 'gitlab', secret: whsec() },
    { name: 'svix', verify: 'svix', secret: whsec() },
    {
      name: 'standard',
      verify: 'standard-webhooks',
      secret: `whpk_${base64(pair.x)}`,
      signWith: `whsk_${base64(pair.d)}`,
    },
    { name: 'stripe', verify: 'stripe', secret: whsec() },
    { name: 'grafana', verify: 'grafana', secret: word() },
    { name: 'alertmanager', verify: 'alertmanager', secret: word() },
    { name: 'alertmanager-basic', verify: 'alertmanager', secret: `prometheus:${word()}` },
    { name: 'kuma', verify: 'uptime-kuma', secret: word() },
    { name: 'kuma-header', verify: { 'uptime-kuma': { header: 'x-kuma-secret' } }, secret: word() },
    { name: 'bearer', verify: 'bearer', secret: word() },
    { name: 'basic', verify: 'basic', secret: `make:${word()}` },
    { name: 'header', verify: { header: { name: 'x-odd-door' } }, secret: word() },
    {
      name: 'scanner',
      verify: { hmac: { header: 'x-signature', algorithm: 'sha512', encoding: 'base64', prefix: 'sha512=' } },
      secret: word(),
      more: { id: 'headers["x-delivery"]', type: 'body.kind', at: 'body.createdAt', keep: 0 },
    },
    {
      name: 'robot',
      verify: { hmac: { header: 'x-signature', signed: 'v0:{timestamp}:{body}', timestamp: 'x-timestamp' } },
      secret: word(),
    },
    {
      name: 'shop',
      verify: {
        hmac: {
          header: 'shop-proof',
          separator: ',',
          prefix: 'v1=',
          timestampPrefix: 't=',
          signed: '{timestamp}.{body}',
        },
      },
      secret: word(),
    },
    { name: 'near', verify: 'none', more: { networks: ['127.0.0.0/8', '::1'] } },
    { name: 'far', verify: 'none', more: { networks: ['192.0.2.0/24'] } },
  ];
}

/** May an unproven delivery to it be taken? */
export function isOpen({ name }: HostileSource): boolean {
  return name === 'near';
}

/** The headers with which its sender delivers `body`. */
export function proofOf(source: HostileSource, body: Buffer, id: string, nowMs = Date.now()): Record<string, string> {
  const secret = source.signWith ?? source.secret;
  return secret === undefined ? {} : signAs(toPreset(VerifySchema.parse(source.verify)), secret, body, { id, nowMs });
}

/** Does its sender sign the body (else it shows a secret, or nothing), and with a time? */
export function mannerOf(source: HostileSource): { readonly isSigned: boolean; readonly isTimed: boolean } {
  const scheme = schemeOf(source);
  const shape = scheme.kind === 'choice' ? wayOf(scheme, source.secret ?? '').scheme : scheme;
  const isTimed = shape.kind === 'standard' || (shape.kind === 'hmac' && shape.timestamp !== undefined);
  return { isSigned: shape.kind === 'hmac' || shape.kind === 'standard', isTimed };
}

/** The values among `headers` that prove something. */
export function proofsIn(source: HostileSource, headers: Readonly<Record<string, string>>): string[] {
  const names = proofHeaders(schemeOf(source));
  return Object.entries(headers).flatMap(([name, value]) => (names.includes(name) ? [value] : []));
}

function schemeOf({ verify }: HostileSource): Scheme {
  return toPreset(VerifySchema.parse(verify)).scheme;
}

/** The configuration of the hostile tests. JSON is YAML too. */
export function configOf(sources: readonly HostileSource[], vendorUrl: string): string {
  const entries = sources.map(({ name, verify, secret, more }, index) => [
    name,
    { verify, ...(secret === undefined ? {} : { secrets: [`\${SECRET_${index}}`] }), ...more },
  ]);
  const on = sources.map(({ name }) => name);
  return JSON.stringify({
    accounts: {
      main: { auth: { basic: { clientId: 'an-id', clientSecret: `\${CLIENT_SECRET}` } }, baseUrl: vendorUrl },
    },
    sources: Object.fromEntries(entries),
    rules: [
      { name: 'as-told', on, ticket: 'body.ticket', set: { cel: 'body.status' } },
      { name: 'each-alert', on, each: 'body.alerts', ticket: 'item.ticket', set: 'solved' },
      { name: 'in-the-text', on, when: 'body.text.matches("^(a+)+$")', ticket: 'body.text.ticketIds()', set: 'closed' },
      { name: 'named', on, when: 'headers["user-agent"] != "nobody"', ticket: 'body.ticket', link: 'body.name' },
      { name: 'waiting', on, ticket: 'body.id', set: 'inProgress', after: '1h', at: 'body.createdAt', dryRun: true },
    ],
  });
}

/** Name and value of each environment variable that `configOf` asks for. */
export function environmentOf(sources: readonly HostileSource[]): Record<string, string> {
  const secrets = sources.map(({ secret }, index) => [`SECRET_${index}`, secret ?? ''] as const);
  return Object.fromEntries(secrets.filter(([, secret]) => secret !== ''));
}
