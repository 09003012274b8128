// The same receiver without a framework: what node:http itself costs, with the HMAC and `Queue.add`. The lower bound.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isSigned, queue, tellListening } from './by-hand.ts';

const LIMIT_BYTES = 1024 * 1024;

const server = createServer((req, res) => {
  if (req.method !== 'POST' || req.url !== '/hooks/github') return answer(res, 404, { error: 'not found' });
  const chunks: Buffer[] = [];
  let length = 0;
  req.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > LIMIT_BYTES) req.destroy();
    else chunks.push(chunk);
  });
  req.on('end', () => {
    receive(req, Buffer.concat(chunks), res).catch(() => answer(res, 500, { error: 'try again' }));
  });
});

async function receive(req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> {
  const { 'x-github-event': event, 'x-github-delivery': delivery, 'x-hub-signature-256': signature } = req.headers;
  if (typeof event !== 'string' || typeof delivery !== 'string')
    return answer(res, 400, { error: 'expected a webhook of GitHub' });
  if (!isSigned(body, String(signature))) return answer(res, 401, { error: 'bad signature' });
  await queue.add(event, { delivery, payload: JSON.parse(body.toString()) }, { jobId: delivery });
  answer(res, 202, { delivery });
}

function answer(res: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

server.listen(0, '127.0.0.1', () => tellListening(server));
