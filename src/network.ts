// Owns networks as an operator writes them: 192.0.2.0/24, 2001:db8::/32, or one address. Leaves whose address a request
// has to the receiver.
import { BlockList, isIP } from 'node:net';

/** May this address? One that is not known may not, where there is a list. */
export type Accepts = (address: string | undefined) => boolean;

/** True for an address, with or without the length of its prefix. */
export function isNetwork(text: string): boolean {
  return parse(text) !== undefined;
}

/** Whether an address lies in one of `networks`; always, where they are undefined. Throws on what `isNetwork` denies. */
export function makeNetworks(networks: readonly string[] | undefined): Accepts {
  if (networks === undefined) return () => true;
  const list = new BlockList();
  for (const text of networks) {
    const network = parse(text);
    if (network === undefined) throw new Error(`${text} is not a network`);
    list.addSubnet(network.address, network.length, network.family);
  }
  return (address) => {
    const plain = address === undefined ? '' : withoutMapping(address);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** An IPv4 address as a socket for both families gives it (`::ffff:192.0.2.1`), and an IPv6 one without its zone. */
export function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '');
}

function parse(text: string) {
  const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  const length = digits === undefined ? longest : Number(digits);
  return length > longest
    ? undefined
    : { address, length, family: version === 4 ? ('ipv4' as const) : ('ipv6' as const) };
}
