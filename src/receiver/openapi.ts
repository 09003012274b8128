// Owns the contract of this surface as OpenAPI 3.1, written by hand for readers. A test compares its paths and methods
// with the routes, so that neither is changed alone.
import { reasons } from '../ledger/rejection.ts';
import { statuses } from '../ticket/ticket.ts';

type Json = Readonly<Record<string, unknown>>;

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Json): Json => ({ 'application/json': { schema } });
const ok = (description: string, schema: Json): Json => ({ description, content: json(schema) });
const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});
const text: Json = { type: 'string' };

const idInPath = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,128}$' },
};
const asked = (name: string, description: string, schema: Json = text): Json => ({
  name,
  in: 'query',
  description,
  schema,
});
const bearer = [{ token: [] }];

const unauthorized = { '401': problem('No token or a wrong one; or STATUSWIRE_API_TOKEN is not set.') };
const flooded = { '429': problem('Too many requests at once; see Retry-After.') };
const away = { '503': problem('Redis is away: nothing was stored or can be read; see Retry-After.') };
const bodyProblems = {
  '408': problem('The body did not come in time.'),
  '413': problem('The body is too large.'),
  '415': problem('The body has a Content-Encoding.'),
};

/** `GET` of one story by its id. */
function story(summary: string, schema: Json): Json {
  const responses = { '200': ok('The story.', schema), ...unauthorized, '404': problem('Nothing is known of it.') };
  return {
    get: { summary, security: bearer, parameters: [idInPath], responses: { ...responses, ...flooded, ...away } },
  };
}

/** `POST` without a body, by which an operator does something to one thing. */
function deed(summary: string, name: 'id' | 'name', done: Json, refusals: Json): Json {
  const parameters = [{ ...idInPath, name }];
  const responses = {
    '200': ok('Done.', done),
    ...unauthorized,
    '404': problem('Nothing is known of it.'),
    ...refusals,
  };
  return { post: { summary, security: bearer, parameters, responses: { ...responses, ...flooded, ...away } } };
}

const steered: Json = { type: 'object', properties: { kind: text, change: text, retriedAs: text }, required: ['kind'] };
const gated: Json = {
  type: 'object',
  properties: { account: text, state: { enum: ['paused', 'open'] }, changed: { type: 'boolean' } },
  required: ['account', 'state', 'changed'],
};
const linkSchema: Json = { type: 'object', properties: { key: text, ticket: text }, required: ['key', 'ticket'] };
const notPossible = { '409': problem('It cannot be done to this change; `detail` says why.') };

export const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'Statuswire',
    version: '1',
    description:
      'Signed webhooks in, Spacebring ticket statuses out. A 2xx to a delivery or a wish is a promise: it is stored. ' +
      'Every answer carries x-request-id; every error is a problem document (RFC 9457).',
  },
  paths: {
    '/hooks/{source}': {
      post: {
        summary: 'Deliver a webhook. How it proves itself is configured for each source.',
        parameters: [{ name: 'source', in: 'path', required: true, schema: text }],
        requestBody: {
          required: true,
          content: { '*/*': { schema: { description: 'JSON, whatever type it names.' } } },
        },
        responses: {
          '200': {
            description: 'A proven handshake: what the sender wants to hear.',
            content: { 'text/plain': { schema: text } },
          },
          '202': ok('Stored, or recognised as stored before.', ref('Receipt')),
          '400': problem('Proven, but not an event.'),
          '401': problem('Not proven.'),
          '404': problem('No such source.'),
          ...bodyProblems,
          ...flooded,
          ...away,
        },
      },
    },
    '/api/changes': {
      post: {
        summary: 'Ask for a status of a ticket.',
        security: bearer,
        parameters: [
          {
            name: 'Idempotency-Key',
            in: 'header',
            description: 'Names this wish for 7 days; the same key with the same body is the same wish.',
            schema: { type: 'string', minLength: 1, maxLength: 256 },
          },
        ],
        requestBody: { required: true, content: json(ref('Wish')) },
        responses: {
          '202': ok('Stored; a worker will make it so.', ref('WishReceipt')),
          '400': problem('The body or the key is not as expected; `errors` says where.'),
          ...unauthorized,
          ...bodyProblems,
          '422': problem('The key was used before with another body.'),
          ...flooded,
          ...away,
        },
      },
    },
    '/api/links': {
      post: {
        summary: 'Remember a name for a ticket, as a rule with `link` does.',
        security: bearer,
        requestBody: { required: true, content: json(linkSchema) },
        responses: {
          '200': ok('Remembered.', linkSchema),
          '400': problem('The body is not as expected.'),
          ...unauthorized,
          ...bodyProblems,
          ...flooded,
          ...away,
        },
      },
    },
    '/api/links/{key}': {
      get: {
        summary: 'The ticket that is remembered by a name.',
        security: bearer,
        parameters: [{ name: 'key', in: 'path', required: true, schema: { type: 'string', maxLength: 256 } }],
        responses: {
          '200': ok('The ticket.', linkSchema),
          ...unauthorized,
          '404': problem('No ticket is known by this name.'),
          ...flooded,
          ...away,
        },
      },
    },
    '/api/changes/{id}/cancel': deed('Take a change back that has not been sent.', 'id', steered, notPossible),
    '/api/changes/{id}/retry': deed(
      'Try a failed change again, unless a newer wish has overtaken it.',
      'id',
      steered,
      notPossible,
    ),
    '/api/accounts/{name}/pause': deed('Send nothing through this account until it is resumed.', 'name', gated, {}),
    '/api/accounts/{name}/resume': deed('Open an account, whatever shut it.', 'name', gated, {}),
    '/api/events/{id}': story('One event: what each rule said about it, and its changes.', { type: 'object' }),
    '/api/changes/{id}': story('One change: its cause, its attempts and its verdict.', { type: 'object' }),
    '/api/tickets/{id}': story('One ticket: every change ever wished for it.', { type: 'object' }),
    '/api/ledger': {
      get: {
        summary: 'The history, in pages.',
        security: bearer,
        parameters: [
          asked('cursor', '`next` of the page before.'),
          asked('limit', 'Entries of one page.', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
          asked('kind', 'Only entries of this kind.'),
          asked('rule', 'Only entries of this rule.'),
          asked('ticket', 'Only entries of this ticket.'),
          asked('verdict', 'Only changes that ended like this.'),
          asked('since', 'A date, such as 2026-01-31, or a duration, such as 24h.'),
        ],
        responses: {
          '200': ok('One page.', ref('Page')),
          '400': problem('A parameter is not as expected.'),
          ...unauthorized,
          ...flooded,
          ...away,
        },
      },
    },
    '/api/rejections': {
      get: {
        summary: 'What was turned away lately, newest first, and how often.',
        security: bearer,
        parameters: [
          asked('source', 'Only of this source; `(unknown)` for those that are not configured.'),
          asked('reason', 'Only for this reason.', { enum: reasons }),
          asked('limit', 'How many.', { type: 'integer', minimum: 1, maximum: 500, default: 100 }),
        ],
        responses: {
          '200': ok('They, at most 100 of one source and of the last 7 days, and the counts.', ref('TurnedAway')),
          '400': problem('A parameter is not as expected.'),
          ...unauthorized,
          ...flooded,
          ...away,
        },
      },
    },
    '/healthz': {
      get: {
        summary: 'Does the process live?',
        responses: { '200': ok('It does.', { type: 'object', properties: { status: { const: 'ok' } } }) },
      },
    },
    '/readyz': {
      get: {
        summary: 'Can it keep its promise right now?',
        responses: {
          '200': ok('It can.', ref('Readiness')),
          '503': ok('It cannot, and why.', ref('Readiness')),
          ...flooded,
        },
      },
    },
    '/metrics': {
      get: {
        summary: 'Figures of the whole installation, for Prometheus.',
        description:
          'For who asks from the same network without a proxy between, or with the token. For everybody else nothing is here.',
        responses: {
          '200': {
            description: 'The figures; while Redis is away only that it is.',
            content: { 'text/plain': { schema: text } },
          },
          '404': problem('Not for you.'),
          ...flooded,
        },
      },
    },
    '/openapi.json': {
      get: { summary: 'This document.', responses: { '200': ok('It.', { type: 'object' }), ...flooded } },
    },
  },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'STATUSWIRE_API_TOKEN' } },
    schemas: {
      Problem: {
        type: 'object',
        required: ['type', 'title', 'status', 'detail', 'requestId'],
        properties: {
          type: text,
          title: text,
          status: { type: 'integer' },
          detail: text,
          requestId: text,
          errors: {
            type: 'array',
            items: { type: 'object', required: ['path', 'expected'], properties: { path: text, expected: text } },
          },
        },
      },
      Receipt: {
        type: 'object',
        required: ['event', 'duplicate', 'changes'],
        properties: {
          event: text,
          duplicate: { type: 'boolean' },
          changes: { type: 'integer', description: 'How many changes the rules made of it.' },
        },
      },
      Wish: {
        type: 'object',
        required: ['ticket', 'status'],
        additionalProperties: false,
        properties: {
          ticket: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,128}$' },
          status: { enum: statuses },
          account: { type: 'string', description: 'Default: `main`, or the only one.' },
          reason: { type: 'string', maxLength: 500 },
          dryRun: { type: 'boolean', default: false },
        },
      },
      WishReceipt: {
        type: 'object',
        required: ['change', 'event', 'duplicate'],
        properties: { change: text, event: text, duplicate: { type: 'boolean' } },
      },
      Page: {
        type: 'object',
        required: ['entries'],
        properties: { entries: { type: 'array', items: { type: 'object' } }, next: text },
      },
      TurnedAway: {
        type: 'object',
        required: ['rejections', 'counts'],
        properties: {
          rejections: { type: 'array', items: ref('Rejection') },
          counts: {
            type: 'object',
            description: 'By source, then by reason. Days are in UTC; `week` is today and the six days before.',
            additionalProperties: {
              type: 'object',
              additionalProperties: {
                type: 'object',
                required: ['total', 'today', 'week'],
                properties: { total: { type: 'integer' }, today: { type: 'integer' }, week: { type: 'integer' } },
              },
            },
          },
        },
      },
      Rejection: {
        type: 'object',
        required: ['at', 'source', 'reason', 'status', 'why', 'requestId'],
        properties: {
          at: { type: 'string', format: 'date-time' },
          source: { type: 'string', description: 'As configured, or `(unknown)`.' },
          asked: { type: 'string', description: 'What was asked for where there is no such source.' },
          reason: { enum: reasons },
          status: { type: 'integer' },
          why: text,
          requestId: text,
          from: { type: 'string', description: 'The address of the sender.' },
          headerBytes: { type: 'integer' },
          bodyBytes: { type: 'integer', description: 'As far as it was read.' },
          announcedBytes: { type: 'integer', description: 'Content-Length, where that is not what was read.' },
          bodyDigest: { type: 'string', description: '16 digits of the SHA-256 of at most the first 64 KiB.' },
          type: { type: 'string', description: 'The content type.' },
        },
      },
      Readiness: {
        type: 'object',
        required: ['ready', 'checks'],
        properties: {
          ready: { type: 'boolean' },
          checks: {
            type: 'array',
            items: {
              type: 'object',
              required: ['name', 'ok'],
              properties: { name: text, ok: { type: 'boolean' }, detail: text },
            },
          },
        },
      },
    },
  },
} as const;
