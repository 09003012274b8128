// Owns what each fault does to a call. `deed` is the honest work: it takes effect, if the call is valid, and gives the
// honest answer.
import { type Answer, refusal } from './answer.ts';
import type { Call } from './call.ts';
import type { Effect } from './faults.ts';

/** Does one effect; a call that hangs or waits for a late effect is left open. */
export async function misbehave(effect: Effect, call: Call, deed: () => Answer): Promise<void> {
  switch (effect.kind) {
    case 'delay':
      await call.wait(effect.ms);
      return call.send(deed());
    case 'status':
      if (effect.apply) deed();
      return call.sendText(
        effect.status,
        effect.body ?? faultBody(effect.status),
        effect.retryAfter === undefined ? {} : { 'retry-after': effect.retryAfter },
      );
    case 'garbage':
      if (effect.apply) deed();
      return call.sendText(200, effect.body);
    case 'cut':
      if (effect.apply) deed();
      return call.cut();
    case 'hang':
      if (effect.apply) deed();
      return;
    case 'drip':
      return call.drip(deed(), effect.bytes, effect.ms);
    case 'late':
      call.world.later(effect.ms, deed);
      if (effect.status !== undefined) call.sendText(effect.status, faultBody(effect.status));
      return;
    case 'redirect':
      return call.sendText(effect.status, faultBody(effect.status), { location: effect.location });
    default:
      return effect satisfies never;
  }
}

function faultBody(status: number): string {
  return JSON.stringify(refusal(status, 'fault', 'A fault that was asked for').body);
}
