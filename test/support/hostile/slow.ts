// The crowd of senders that are slow, silent or deaf. None of them may keep its connection.
import type { Manner } from './crowd.ts';

const hook = 'POST /hooks/github HTTP/1.1\r\nHost: a\r\n';
const openapi = 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n';

/** `times` as many of each, but for the deaf: beyond the flood limit their answers would be short ones. */
export function slowSenders(times: number): Manner[] {
  const manners: Manner[] = [
    { count: 60, first: '' },
    { count: 15, first: 'POST /hooks/git', drip: 'a' },
    { count: 15, first: hook, drip: 'X-More: a\r\n' },
    { count: 15, first: `${hook}X-More: `, drip: 'a' },
    { count: 15, first: `${hook}Content-Length: 100\r\n\r\n` },
    { count: 15, first: `${hook}Content-Length: 100000\r\n\r\n`, drip: ' ' },
    { count: 15, first: `${hook}Transfer-Encoding: chunked\r\n\r\n`, drip: '1\r\na\r\n' },
    { count: 15, first: `${hook}Transfer-Encoding: chunked\r\n\r\n2;`, drip: 'a' },
    { count: 15, first: `${hook}Expect: 100-continue\r\nContent-Length: 100\r\n\r\n` },
    { count: 10, first: `${hook}Content-Length: 50000000\r\n\r\n`, drip: ' ' },
    { count: 10, first: `${hook}Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n`, drip: ' ' },
    { count: 10, first: `${hook.replace('github', 'nobody')}Content-Length: 100000\r\n\r\n`, drip: ' ' },
  ];
  // Far more answers than a connection may be owed, and than the kernel holds for somebody who does not read them.
  const deaf = { count: 3, first: openapi.repeat(250), drip: '\r\n', isDeaf: true };
  return [...manners.map((manner) => ({ ...manner, count: manner.count * times })), deaf];
}
