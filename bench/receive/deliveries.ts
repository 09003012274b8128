// Owns what is sent: GitHub's `issues.closed` deliveries in their real shape and size, each with a delivery id of its own, a
// ticket that none of the last `tickets` deliveries was about, and a signature that is right.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';

/** How much text stands in the issue of each kind; with the rest of the payload they make 2 to 6 kB. */
const TEXT_LENGTHS = [0, 200, 400, 600, 900, 1200, 1600, 2000, 2600, 3300];

export interface Sent {
  readonly headers: Record<string, string>;
  /** Good until the next call. */
  readonly body: Buffer;
}

export interface Deliveries {
  readonly secret: string;
  /** For people: how long the bodies are. */
  readonly sizes: string;
  /** How many different tickets there are. */
  readonly tickets: number;
  next(): Sent;
  /** Begins again with the first ticket; delivery ids stay fresh. */
  restart(): void;
}

/** Signs `tickets` bodies beforehand, so that while the load runs only a ticket id has to be put in its place. */
export function makeDeliveries(tickets: number): Deliveries {
  const secret = randomBytes(32).toString('hex');
  const templates = TEXT_LENGTHS.map(makeTemplate);
  const signed = Array.from({ length: tickets }, (_, i) => {
    const template = templateOf(i);
    const ticket = randomUUID();
    const body = fill(template, ticket);
    return { template, ticket, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
  });
  let at = 0;

  function templateOf(i: number): Template {
    const template = templates[i % templates.length];
    if (template === undefined) throw new Error('there are no templates');
    return template;
  }

  return {
    secret,
    tickets,
    sizes: `bodies of ${templates[0]?.body.length} to ${templates.at(-1)?.body.length} bytes`,
    next() {
      const one = signed[at % tickets];
      if (one === undefined) throw new Error('there are no tickets');
      at += 1;
      return {
        headers: {
          accept: '*/*',
          'content-type': 'application/json',
          'user-agent': 'GitHub-Hookshot/9a1f0c2',
          'x-github-delivery': randomUUID(),
          'x-github-event': 'issues',
          'x-github-hook-id': '481516234',
          'x-github-hook-installation-target-id': '8675309',
          'x-github-hook-installation-target-type': 'repository',
          'x-hub-signature-256': one.signature,
        },
        body: fill(one.template, one.ticket),
      };
    },
    restart() {
      at = 0;
    },
  };
}

interface Template {
  readonly body: Buffer;
  /** Where the ticket id stands. */
  readonly offset: number;
}

function fill({ body, offset }: Template, ticket: string): Buffer {
  body.write(ticket, offset, 'latin1');
  return body;
}

function makeTemplate(textLength: number): Template {
  const place = randomUUID();
  const body = Buffer.from(JSON.stringify(payload(place, textLength)));
  return { body, offset: body.indexOf(place) };
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues, without the longest lists of addresses. */
function payload(ticket: string, textLength: number): object {
  const api = 'https://api.github.com/repos/acme/facilities';
  const issue = `${api}/issues/42`;
  const link = `Reported in https://app.spacebring.com/support/tickets/${ticket} this morning. `;
  return {
    action: 'closed',
    issue: {
      url: issue,
      repository_url: api,
      labels_url: `${issue}/labels{/name}`,
      comments_url: `${issue}/comments`,
      html_url: 'https://github.com/acme/facilities/issues/42',
      id: 2_648_193_551,
      node_id: 'I_kwDOM7Zk9c6d2DZP',
      number: 42,
      title: 'Wi-Fi drops in the quiet room',
      user: person('front-desk', 1_042_113),
      labels: [label('spacebring', 'a2eeef', 7_041), label('network', 'd73a4a', 7_042)],
      state: 'closed',
      locked: false,
      assignee: person('technician', 9_214_870),
      comments: 3,
      created_at: '2026-11-21T08:14:03Z',
      updated_at: '2026-11-23T16:40:55Z',
      closed_at: '2026-11-23T16:40:55Z',
      body: link + 'The access point in the quiet room goes away twice an hour. '.repeat(60).slice(0, textLength),
      state_reason: 'completed',
    },
    repository: {
      id: 867_530_911,
      node_id: 'R_kgDOM7Zk9Q',
      name: 'facilities',
      full_name: 'acme/facilities',
      private: true,
      owner: person('acme', 77_001),
      html_url: 'https://github.com/acme/facilities',
      url: api,
      created_at: '2023-02-01T09:00:00Z',
      default_branch: 'main',
    },
    sender: person('technician', 9_214_870),
  };
}

function person(login: string, id: number): object {
  const url = `https://api.github.com/users/${login}`;
  return { login, id, avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`, url, type: 'User' };
}

function label(name: string, color: string, id: number): object {
  const url = `https://api.github.com/repos/acme/facilities/labels/${name}`;
  return { id, node_id: `LA_kwDOM7Zk9c8AAA${id}`, url, name, color, default: false, description: '' };
}
