// The receiver that most people would write: Express 5, the body raw, an HMAC, `Queue.add`, 202.
import express from 'express';
import { isSigned, queue, tellListening } from './by-hand.ts';

const app = express();

app.post('/hooks/github', express.raw({ type: 'application/json', limit: '1mb' }), async (req, res) => {
  const body: unknown = req.body;
  const [event, delivery] = [req.get('x-github-event'), req.get('x-github-delivery')];
  if (!Buffer.isBuffer(body) || event === undefined || delivery === undefined)
    return void res.status(400).json({ error: 'expected a webhook of GitHub' });
  if (!isSigned(body, req.get('x-hub-signature-256'))) return void res.status(401).json({ error: 'bad signature' });
  await queue.add(event, { delivery, payload: JSON.parse(body.toString()) }, { jobId: delivery });
  res.status(202).json({ delivery });
});

const server = app.listen(0, '127.0.0.1', () => tellListening(server));
