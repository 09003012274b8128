// Owns who may call: Basic and Bearer as the vendor documents them, and the network header. Says what was offered and
// whether it was right; keeps and shows no secret.
import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, refusal } from './answer.ts';
import type { Tokens } from './tokens.ts';

/** How a caller tried to prove itself. `form`: client id and secret in the body, as the token endpoint wants them. */
export type AuthKind = 'none' | 'basic' | 'bearer' | 'form' | 'other';

/** `right` is about the credentials alone; `answer` is there whenever the call may not go on. */
export interface Judgement {
  readonly kind: AuthKind;
  readonly right: boolean;
  readonly answer?: Answer;
}

export interface AuthOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** When set, a request that names another network is refused. */
  readonly networkId: string | undefined;
  readonly scope: string;
}

const unauthorized = refusal(401, 'unauthorized', 'The credentials are missing or wrong');
const noNetwork = refusal(400, 'invalidRequest', 'spacebring-network-id is required with a bearer token');
const otherNetwork = refusal(
  400,
  'invalidRequest',
  'spacebring-network-id names a network these credentials do not know',
);
const readOnly = refusal(403, 'forbidden', 'The token lacks the scope for this');

/** Judges a call to the support endpoints. `revoked`: nothing is right any more. */
export function makeAuth({ clientId, clientSecret, networkId, scope }: AuthOptions, tokens: Pick<Tokens, 'isGood'>) {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const scopes = scope.split(/[ ,]+/);

  return function judge(headers: IncomingHttpHeaders, needs: 'read' | 'write', revoked: boolean): Judgement {
    const { kind, value } = readAuthorization(headers.authorization);
    const right = !revoked && ((kind === 'basic' && value === basic) || (kind === 'bearer' && tokens.isGood(value)));
    const answer = right ? judgeRest(kind, headers['spacebring-network-id'], needs) : unauthorized;
    return answer === undefined ? { kind, right } : { kind, right, answer };
  };

  function judgeRest(kind: AuthKind, network: unknown, needs: 'read' | 'write'): Answer | undefined {
    if (kind === 'bearer' && network === undefined) return noNetwork;
    if (networkId !== undefined && network !== undefined && network !== networkId) return otherNetwork;
    if (kind !== 'bearer' || scopes.includes('support')) return undefined;
    return needs === 'read' && scopes.includes('support.readonly') ? undefined : readOnly;
  }
}

function readAuthorization(header: string | undefined): { kind: AuthKind; value: string } {
  if (header === undefined) return { kind: 'none', value: '' };
  const [scheme = '', value = ''] = header.split(' ', 2);
  const kind = scheme.toLowerCase();
  return kind === 'basic' || kind === 'bearer' ? { kind, value } : { kind: 'other', value: '' };
}
