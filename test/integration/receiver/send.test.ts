// `send` against the door: a saved payload arrives as its sender would have sent it now, however long ago it was saved.
import { describe, expect, it } from 'vitest';
import { deliver, type EventFile } from '../../../src/cli/send.ts';
import { SourceSchema } from '../../../src/config/schema.ts';
import { makeSources } from '../../../src/source/source.ts';
import { type Sender, senders } from '../../unit/source/senders.ts';
import { openDoor } from './door.ts';

async function openWith(config: unknown) {
  const hooks = SourceSchema.parse(config);
  const door = await openDoor({ sources: makeSources({ hooks }, new Map()) });
  const send = (event: Partial<EventFile> & Pick<EventFile, 'body'>) =>
    deliver(door.url, 'hooks', hooks, { headers: {}, ...event });
  return { door, send };
}

it.each(Object.entries(senders))('%s is signed and taken', async (_name, sender: Sender) => {
  const { door, send } = await openWith({ verify: sender.verify, secrets: [sender.secret] });
  const { status } = await send({ headers: sender.headers, body: sender.body as object });
  expect(status).toBe(202);
  expect(door.accepted[0]?.event.type).toBe(sender.type);
});

describe('a saved event', () => {
  it('may have been kept with all its headers, in any case: its own id and length are not sent beside ours', async () => {
    const { door, send } = await openWith({ verify: 'github', secrets: ['a'] });
    const headers = { 'X-GitHub-Delivery': 'old', 'Content-Length': '999', Host: 'a', Connection: 'close' };
    expect((await send({ id: 'new', headers, body: {} })).status).toBe(202);
    expect(door.accepted[0]?.delivery.key).toBe('delivery-id:new');
  });

  it('is signed with the newest secret that still counts', async () => {
    const secrets = [{ value: 'over', until: '2020-01-01' }, 'a', 'older'];
    const { door, send } = await openWith({ verify: 'github', secrets });
    expect((await send({ body: {} })).status).toBe(202);
    expect(door.lines('event.received')).toHaveLength(1);
    expect(door.logText()).not.toContain('oldSecret');
  });

  it('of a sender whose private key we do not have is refused with the reason', async () => {
    const secrets = ['whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='];
    const { send } = await openWith({ verify: 'standard-webhooks', secrets });
    await expect(send({ body: {} })).rejects.toThrow('a whpk_ key only verifies');
  });
});
