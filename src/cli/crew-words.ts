// Owns what the primary and the processes of a crew say to each other over Node's channel between them. Both are always of
// the same version: the primary starts the others from the program that it runs itself.
import type { Readiness } from '../receiver/health.ts';
import type { ReceiverParts } from '../server.ts';

type Loaded = ReceiverParts['loaded'];
type Checks = Readiness['checks'];

/** All that a receiver process needs: it reads neither the environment nor a file, so all of a crew stand on the same. */
export interface Brief extends Omit<ReceiverParts, 'log' | 'configChecks'> {
  /** What /readyz says of the configuration. */
  readonly checks: Checks;
  readonly logLevel: string;
}

/** What the primary tells a process. `open` comes once, before the others, and answers `here`. */
export type Order =
  | { readonly kind: 'open'; readonly brief: Brief }
  | { readonly kind: 'use'; readonly loaded: Loaded }
  | { readonly kind: 'say'; readonly checks: Checks }
  | { readonly kind: 'drain' };

/** What a process tells the primary. */
export type Report =
  /** It hears orders now; what was said before is lost. */
  | { readonly kind: 'here' }
  | { readonly kind: 'listening'; readonly url: string }
  /** It could not open, and ends; `why` is a sentence for people. */
  | { readonly kind: 'failed'; readonly why: string }
  /** A signal asks it to end. It goes on until the primary, which may have been asked too, tells it to drain. */
  | { readonly kind: 'asked' };
