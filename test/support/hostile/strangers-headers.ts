// Headers that are too many, too long, there twice, not there, or not text; and headers that ask for more than an answer.
import { type Line, request } from './shot.ts';
import { brief, type Kind, refused, unfinished } from './stranger.ts';

const names = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'prototype',
    '',
    ' ',
    'a b',
    'a\0',
    '\xe9',
    'a:',
  ],
  ...['(', 'x'.repeat(5000), '\tx', 'x\t', 'content-length\0', 'x\r'],
];
const oddBytes = ['\0', '\x01', '\x7f', '\r', '\n', '\r\nX-Injected: 1', '\r\n folded', '\t', '\xff\xfe', '\x1b[2J'];
const usual = ['X-Odd', 'Host', 'Content-Type', 'X-GitHub-Event', 'X-Request-Id', 'Authorization', 'X-Forwarded-For'];
const expectations = ['100-continue', '200-ok', '100-Continue, x', '', 'gold'];
const upgrades = ['websocket', 'h2c', 'TLS/1.0', '\xff'];
const authorizations = [
  ...[
    'Bearer',
    'Bearer ',
    'Basic',
    'Basic !!!',
    'Digest x',
    'Negotiate',
    'bearer\t\xff',
    'Bearer \xff\xfe\xf0',
    '\xff',
  ],
  ...[`Basic ${'A'.repeat(8000)}`, `Bearer ${'a '.repeat(3000)}`],
];

const oddName: Kind = ({ chance, target, forged, body, marker }) => {
  const name = chance.pick(names);
  const lines: Line[] = [...forged, [name, marker], [name, 'b']];
  return refused(`header name ${brief(name)}`, request({ target, lines, body }), unfinished);
};

const oddValue: Kind = ({ chance, target, forged, body }) => {
  const odd = chance.pick(oddBytes);
  const lines: Line[] = [...forged, [chance.pick(usual), `a${odd}b`]];
  return refused(`bytes ${brief(odd)} in a header`, request({ target, lines, body }), unfinished);
};

const many: Kind = ({ chance, target, forged, body }) => {
  const count = chance.pick([50, 300, 1500, 3000]);
  const more = Array.from({ length: count }, (_, i): Line => [`x${i % 7}`, chance.pick(['', 'a'])]);
  return refused(`${count} headers`, request({ target, lines: [...more, ...forged], body }), unfinished);
};

const huge: Kind = ({ chance, target, forged, body, marker }) => {
  const size = chance.pick([8_000, 20_000, 200_000]);
  const lines: Line[] = [...forged, ['X-Huge', marker + 'a'.repeat(size)]];
  return refused(`a header of ${size} bytes`, request({ target, lines, body }), unfinished);
};

const twice: Kind = ({ chance, target, forged, body, marker }) => {
  const more: Line[] = [
    ['Host', 'b'],
    ['Content-Type', 'a/b'],
    ['Authorization', `Bearer ${marker}`],
  ];
  const line = chance.pick([...forged, ...more]);
  return refused(
    `${line[0].toLowerCase()} twice`,
    request({ target, lines: [...forged, line, line], body }),
    unfinished,
  );
};

const noHost: Kind = ({ target, forged, body }) => {
  const bytes = request({ target, lines: forged, body }).toString('latin1').replace('Host: localhost\r\n', '');
  return refused('no host', Buffer.from(bytes, 'latin1'));
};

const expectation: Kind = ({ chance, target, forged, body }) => {
  const word = chance.pick(expectations);
  return refused(`expect ${brief(word)}`, request({ target, lines: [...forged, ['Expect', word]], body }));
};

const upgrade: Kind = ({ chance, target, forged, body }) => {
  const lines: Line[] = [...forged, ['Connection', 'Upgrade, HTTP2-Settings'], ['Upgrade', chance.pick(upgrades)]];
  return refused('an upgrade', request({ target, lines, body }));
};

const authorization: Kind = ({ chance, target, marked, body }) => {
  const lines: Line[] = [...marked, ['Authorization', chance.pick(authorizations)]];
  return refused(
    'an authorization',
    request({ target: chance.pick([target, '/api/changes', '/api/links']), lines, body }),
  );
};

export const headerKinds: readonly Kind[] = [
  ...[oddName, oddValue, many, huge, twice, noHost, expectation, upgrade, authorization],
];
