import { describe, expect, it } from 'vitest';
import { makeLog } from '../../../src/log.ts';
import { type AppParts, routes } from '../../../src/receiver/app.ts';
import { openapi } from '../../../src/receiver/openapi.ts';
import { statuses } from '../../../src/ticket/ticket.ts';

const unused = () => Promise.reject(new Error('no request is made here'));
const parts: AppParts = {
  sources: new Map(),
  rules: { decide: () => [] },
  core: { accept: unused, ping: unused },
  stories: { event: unused, change: unused, ticket: unused, page: unused },
  operations: { cancel: unused, retry: unused, link: unused, linked: unused, pause: unused, resume: unused },
  health: { ready: unused },
  metrics: { read: unused, known: {} },
  tally: { count: () => {}, observe: () => {} },
  turnedAway: { note: () => {}, flush: unused },
  rejections: { read: unused },
  isUnavailable: () => false,
  accounts: [],
  apiToken: undefined,
  newId: () => 'id',
  now: () => 0,
  log: makeLog({ level: 'silent', name: 'test' }),
};

describe('the contract of the surface', () => {
  it('describes every route there is, and none that is not', () => {
    const described = Object.entries(openapi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const registered = routes(parts).map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(described.sort()).toEqual(registered.sort());
  });

  it('asks for the token exactly where the gate stands', () => {
    const guarded = routes(parts).filter(({ handlers }) => handlers.some((handler) => handler.name === 'bearerGate'));
    const described = Object.entries(openapi.paths).filter(([, methods]) =>
      JSON.stringify(methods).includes('"security"'),
    );
    expect(described.map(([path]) => path).sort()).toEqual(
      guarded.map(({ path }) => path.replace(/:(\w+)/g, '{$1}')).sort(),
    );
    expect(guarded.every(({ path }) => path.startsWith('/api/'))).toBe(true);
  });

  it('refers only to what it defines, and knows every parameter in a path', () => {
    const text = JSON.stringify(openapi);
    const names = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]);
    expect(Object.keys(openapi.components.schemas)).toEqual(expect.arrayContaining(names));
    for (const [path, methods] of Object.entries(openapi.paths)) {
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
        expect(JSON.stringify(methods)).toContain(`{"name":"${name}","in":"path","required":true`);
      }
    }
  });

  it("knows the vendor's words", () => {
    expect(openapi.components.schemas.Wish.properties.status.enum).toEqual(statuses);
  });
});
