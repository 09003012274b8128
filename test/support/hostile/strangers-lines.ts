// Request lines that are none, addresses that are none, and bytes that never were HTTP.
import type { Chance } from '../chaos/scale.ts';
import { request } from './shot.ts';
import { brief, type Kind, refused, unfinished } from './stranger.ts';

const methods = [
  ...['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE', 'QUERY', 'M-SEARCH', 'SOURCE', 'PRI'],
  ...['post', 'PO ST', 'P\0ST', 'BREW', ' POST', '', 'POST\t', 'G\xcbT', 'X'.repeat(2000), '\r\n\r\nPOST'],
];
const routes = ['/healthz', '/readyz', '/openapi.json', '/api/ledger', '/api/changes', '/nowhere', '/'];
const versions = [
  ...['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/3.7', 'HTTP/1.10', 'http/1.1', 'HTTQ/1.1', '', 'HTTP/1.1 x', 'HTTP/'],
];
const targets = [
  ...[
    '//hooks/github',
    '/hooks//github',
    '/hooks/github/',
    '/HOOKS/github',
    '/hooks/%67ithub',
    '/hooks/%zz',
    '/hooks/%',
  ],
  ...['/hooks/%ff%fe', '/hooks/%c0%ae%c0%ae', '/hooks/%00', '/hooks/%ed%a0%80', '/hooks/a%0d%0aX-Injected:%201', '*'],
  ...[
    '/hooks/..%2f..%2fapi%2fledger',
    '/hooks/../api/ledger',
    '/../../etc/passwd',
    '/hooks/./github',
    '/.%2e/api/links',
  ],
  ...['/hooks/__proto__', '/hooks/constructor', '/hooks/toString', '/hooks/github;x=1', '/hooks/github%20', '/hooks/'],
  ...[
    'http://evil.example/hooks/github',
    'HTTP://[::1/hooks/github',
    'http://u:p@h/hooks/github',
    'http://',
    'https:///x',
  ],
  ...[
    'hooks/github',
    '?',
    '#',
    '\\hooks\\github',
    '/hooks/\xff\xfe',
    '/hooks/a b',
    '/hooks/github#x',
    'ftp://a/b',
    '.',
  ],
  ...['/hooks/github?__proto__=1&constructor=2', `/hooks/${'a'.repeat(9000)}`, `/hooks/${'a'.repeat(40_000)}`],
  ...[
    `/${'../'.repeat(3000)}etc/passwd`,
    `/hooks/github?${'a=1&'.repeat(2500)}`,
    `/${'%41'.repeat(3000)}`,
    '//'.repeat(4000),
  ],
  ...[
    '/api/events/ev_1',
    '/api/changes',
    '/api/links',
    '/api/accounts/main/pause',
    '/api/__proto__',
    '/api/%2e%2e/hooks',
  ],
];
const protocols = [
  ...['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '*1\r\n$8\r\nFLUSHALL\r\n'],
  ...['SSH-2.0-x\r\n', 'EHLO a\r\n', '\r\n\r\n\r\n', '\0\0\0\0', 'GET /healthz\r\n', 'HTTP/1.1 200 OK\r\n\r\n'],
];

const method: Kind = ({ chance, target, forged, body }) => {
  const word = chance.pick(methods);
  const bytes = request({ method: word, target: chance.pick([target, ...routes]), lines: forged, body });
  return {
    ...{ name: `method ${brief(word)}`, steps: [bytes], allowed: 'any', mayClose: true },
    listening: { isHead: word === 'HEAD', finAfterMs: 300 },
  };
};

const version: Kind = ({ chance, target, forged, body }) => {
  const word = chance.pick(versions);
  return refused(`version ${brief(word)}`, request({ target, version: word, lines: forged, body }), unfinished);
};

const address: Kind = ({ chance, forged, body }) => {
  const target = chance.pick(targets);
  return refused(`address ${brief(target)}`, request({ target, lines: forged, body }), unfinished);
};

const tunnel: Kind = ({ marked }) =>
  refused('a tunnel', request({ method: 'CONNECT', target: 'localhost:6379', lines: marked, body: null }), {
    mayClose: true,
  });

const protocol: Kind = ({ chance }) => {
  const text = chance.pick(protocols);
  return refused(`protocol ${brief(text)}`, Buffer.from(text, 'latin1'), unfinished);
};

const noise: Kind = ({ chance }) =>
  refused('noise', Buffer.from(Array.from({ length: 1 + chance.below(2000) }, () => chance.below(256))), unfinished);

const mutant: Kind = ({ chance, target, forged, body }) => ({
  ...refused('a mutant', mutate(chance, request({ target, lines: forged, body })), unfinished),
  // A mutant may ask for something else, which anybody may have.
  allowed: 'any',
});

/** Some bytes changed, left out, or said twice. */
function mutate(chance: Chance, bytes: Buffer): Buffer {
  let mutant = bytes;
  for (let left = 1 + chance.below(6); left > 0; left -= 1) {
    const at = chance.below(Math.min(mutant.length, 600));
    const [before, after] = [mutant.subarray(0, at), mutant.subarray(at)];
    switch (chance.below(3)) {
      case 0:
        mutant = Buffer.concat([before, Buffer.from([chance.below(256)]), after.subarray(1)]);
        break;
      case 1:
        mutant = Buffer.concat([before, after.subarray(1 + chance.below(8))]);
        break;
      default:
        mutant = Buffer.concat([before, after.subarray(0, chance.below(40)), after]);
    }
  }
  return mutant;
}

const broken: Kind = ({ chance, target, forged, body }) => {
  const bytes = request({ target, lines: forged, body });
  const cut = bytes.subarray(0, chance.below(Math.min(bytes.length, 300)));
  const steps = [cut, { pauseMs: chance.below(20) }, chance.pick(['fin', 'reset'] as const)];
  return { ...refused('a head that breaks off', cut), steps, mayClose: true };
};

const pipelined: Kind = ({ chance, target, forged, marker }) => {
  const answers = 2 + chance.below(6);
  const one = request({ target, lines: forged, body: Buffer.from(`"${marker}"`) });
  return refused('pipelined', Buffer.concat(Array(answers).fill(one)), { listening: { answers } });
};

export const lineKinds: readonly Kind[] = [
  ...[method, version, address, tunnel, protocol, noise, mutant, broken, pipelined],
];
