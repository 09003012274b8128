// Owns what a rule can say about an event: the decision, with its reason. decide.ts makes them, the ledger keeps them.
import type { Status } from '../ticket/ticket.ts';

/** What one rule said about one event and, with `each`, about one element (`item`, its index). */
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
      readonly reason: string;
    }
  | {
      /** It would have wanted it, but an earlier rule `by` wants another status for this ticket and event. */
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
      /** It wants nothing: the condition was false, a field was missing, or no ticket could be found. */
      readonly kind: 'unmatched';
      readonly rule: string;
      readonly item?: number;
      readonly reason: string;
    };
