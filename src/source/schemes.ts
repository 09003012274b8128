// Owns what `verify:` of a source means, from the words of the configuration to a preset, and how a delivery is made as
// such a sender makes it. The senders themselves are catalogue.ts.
import type { Verify } from '../config/schema.ts';
import { aftershipScheme, anyId, bodyType, grafanaScheme, inHeader, type Preset, presets } from './catalogue.ts';
import type { Hmac } from './hmac.ts';
import { sign } from './signature.ts';

/** What `verify:` of a source means. */
export function toPreset(verify: Verify): Preset {
  if (typeof verify === 'string') return presets[verify];
  if ('grafana' in verify) return { ...presets.grafana, scheme: grafanaScheme(verify.grafana) };
  if ('uptime-kuma' in verify) return { ...presets['uptime-kuma'], scheme: inHeader(verify['uptime-kuma'].header) };
  if ('aftership' in verify) return { ...presets.aftership, scheme: aftershipScheme(verify.aftership.header) };
  if ('header' in verify) {
    return { scheme: { kind: 'credential', header: verify.header.name, form: 'plain' }, id: anyId, type: bodyType };
  }
  return { scheme: toHmac(verify.hmac), id: anyId, type: bodyType };
}

function toHmac(config: Extract<Verify, { hmac: unknown }>['hmac']): Hmac {
  const { timestamp, timestampPrefix, tolerance, separator, ...rest } = config;
  const list = separator === undefined ? {} : { separator };
  const common = { kind: 'hmac', ...rest, ...list } as const;
  if (timestamp !== undefined) return { ...common, timestamp: { header: timestamp, toleranceMs: tolerance } };
  if (timestampPrefix === undefined) return common;
  return { ...common, timestamp: { element: timestampPrefix, toleranceMs: tolerance } };
}

/**
 * The headers with which such a sender delivers `body`: its proof, and its delivery id where it has a header for one.
 * The headers that name the type (GitHub's `x-github-event`) are the caller's to add. Throws as `sign` does.
 */
export function signAs(
  preset: Preset,
  secret: string,
  body: Buffer,
  sending: { readonly id: string; readonly nowMs: number },
): Record<string, string> {
  const place = preset.id.find((one) => 'header' in one);
  const id = place === undefined ? {} : { [place.header]: sending.id };
  return { ...id, ...sign(preset.scheme, secret, body, sending) };
}

/** `body` as such a sender would write it at `nowMs`: with the time of sending, where that stands in the body. */
export function stampBody(preset: Preset, body: unknown, nowMs: number): unknown {
  const isMap = typeof body === 'object' && body !== null && !Array.isArray(body);
  return preset.sentAt === undefined || !isMap ? body : { ...body, [preset.sentAt.key]: nowMs };
}
