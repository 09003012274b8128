// Owns one question: from which address was a request sent? X-Forwarded-For is written by whoever likes; it is believed
// exactly as far as the configured proxies reach, and nothing beyond the first address they do not vouch for.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TrustProxy } from '../config/trust-proxy.ts';
import { makeNetworks, withoutMapping } from '../network.ts';

/** The address a request was sent from; undefined where a trusted proxy wrote something that is none. */
export type SenderAddress = (req: Pick<IncomingMessage, 'socket' | 'headers'>) => string | undefined;

/** Without `trust` no header is believed. */
export function makeSenderAddress(trust: TrustProxy | undefined): SenderAddress {
  if (trust === undefined) return ({ socket }) => addressIn(socket.remoteAddress ?? '');
  const isTrusted = trustOf(trust);
  return function senderAddress({ socket, headers }) {
    // From here outwards: the connection, then what each proxy wrote at the end of the list it was given. Node joins
    // repeated headers in their order.
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
    const hops = [socket.remoteAddress ?? '', ...forwarded.reverse().filter((text) => text.trim() !== '')];
    let sender: string | undefined;
    for (const [hop, text] of hops.entries()) {
      sender = addressIn(text);
      if (sender === undefined || !isTrusted(sender, hop)) return sender;
    }
    return sender;
  };
}

function trustOf(trust: TrustProxy): (address: string, hop: number) => boolean {
  if ('hops' in trust) return (_address, hop) => hop < trust.hops;
  return makeNetworks(trust.networks);
}

/** The address in one element, also with a port as some load balancers write it. */
function addressIn(text: string): string | undefined {
  const [, bracketed, plain] = /^\s*(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)\s*$/.exec(text) ?? [];
  const address = withoutMapping(bracketed ?? plain ?? text.trim());
  return isIP(address) === 0 ? undefined : address;
}
