// Owns what a rule can say about an event: the decision, with its reason. decide.ts makes them, the ledger keeps them.
import type { Status } from '../ticket/ticket.ts';

/**
 * What one rule said about one event and, with `each`, about one element (`item`, its index). A `ticket` is a ticket id
 * or a reference that is still to be resolved: `link:KEY`, `number:N@LOCATION` (reference.ts).
 */
export type Decision =
  | {
      /** This rule wants `ticket` to have `status`. */
      readonly kind: 'matched';
      readonly rule: string;
      readonly item?: number;
      readonly ticket: string;
      readonly status: Status;
      readonly account: string;
      readonly dryRun: boolean;
      /** Guard: act only while the ticket has one of these. */
      readonly from?: readonly Status[];
      /** How long to wait first; a later `cancels` of the same rule and ticket ends the wait. */
      readonly afterMs?: number;
      /** Over the cap of its rule: recorded, and held until an operator releases or drops it. */
      readonly held?: true;
      /** The rule's own moment, ms since the epoch; it orders this wish instead of the event's. */
      readonly at?: number;
      readonly reason: string;
    }
  | {
      /** It would have wanted it, but an earlier rule `by` is heard for this ticket and event. */
      readonly kind: 'shadowed';
      readonly rule: string;
      readonly item?: number;
      readonly ticket: string;
      readonly status: Status;
      readonly account: string;
      readonly by: string;
      readonly reason: string;
    }
  | {
      /** An `unless` of this rule met: what the rule waits to do to `ticket` since an earlier event is not to be done. */
      readonly kind: 'cancels';
      readonly rule: string;
      readonly item?: number;
      readonly ticket: string;
      readonly reason: string;
    }
  | {
      /** This rule wants `key` remembered as a name for `ticket`, which is an id; with `dryRun` only told. */
      readonly kind: 'links';
      readonly rule: string;
      readonly item?: number;
      readonly key: string;
      readonly ticket: string;
      readonly dryRun: boolean;
      readonly reason: string;
    }
  | {
      /** It wants nothing: the condition was false, a field was missing, or no ticket could be found. */
      readonly kind: 'unmatched';
      readonly rule: string;
      readonly item?: number;
      readonly reason: string;
    };
