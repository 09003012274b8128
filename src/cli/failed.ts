// Owns the commands failed and held: changes that ended failed or expired, or were held by the cap of their rule; list them,
// send them (again), put them away. What is done in bulk is shown first and done only with --yes.
import type { Core } from '../change/open-core.ts';
import type { FailedFilter, Steered } from '../change/steer.ts';
import type { ChangeStory } from '../ledger/ledger.ts';
import { tellChange } from '../ledger/tell.ts';
import { asOperator } from './operator.ts';
import { count, Refusal, say, sayJson } from './output.ts';

export interface FailedOptions extends FailedFilter {
  readonly config?: string;
  readonly json?: boolean;
  /** Do it, in bulk; without, it is only shown. */
  readonly yes?: boolean;
}

/** Lists what has failed and was neither retried nor dropped, oldest first. */
export async function listFailed(options: FailedOptions): Promise<void> {
  const stories = await asOperator(options.config, (core) => core.steering.failed(toFilter(options)));
  if (options.json) return void sayJson(stories);
  if (stories.length === 0) return say(options.list === 'held' ? 'Nothing is held.' : 'Nothing has failed.');
  const next = {
    failed: 'One of them: failed show ID   Again: failed retry ID   Away: failed drop ID',
    held: 'One of them: explain ID   Send it: held release ID   Away: held drop ID',
  };
  say(...stories.map(tellInOneLine), '', next[options.list ?? 'failed']);
}

/** Tells the story of one failed change. */
export async function showFailed(id: string, options: FailedOptions): Promise<void> {
  const story = await asOperator(options.config, (core) => core.ledger.change(id));
  if (story === undefined) throw new Refusal(`Nothing is known of ${id}. \`failed list\` tells which there are.`);
  if (options.json) sayJson(story);
  else say(...tellChange(story));
}

/** Retries or drops one change, or all that the filter means. Exit code 1 when any of them could not be. */
export async function steerFailed(
  deed: 'retry' | 'drop',
  id: string | undefined,
  options: FailedOptions,
): Promise<void> {
  const filter = toFilter(options);
  const isNarrowed = Object.keys(filter).some((name) => name !== 'list');
  if (id === undefined && !isNarrowed && options.list !== 'held') {
    throw new Refusal(
      `Which ones? Give an id, or a filter: --rule, --ticket, --class, --since (--since 3650d for all).`,
    );
  }
  const outcomes = await asOperator(options.config, async (core) => {
    if (id !== undefined) return [{ id, ...(await core.steering[deed](id)) }];
    const meant = await core.steering.failed(filter);
    return options.yes ? inTurn(core, deed, meant) : meant.map(preview);
  });
  if (options.json) sayJson(outcomes);
  else if (id === undefined && !options.yes) {
    say(
      ...outcomes.map(({ id }) => `would ${deed} ${id}`),
      '',
      `${count(outcomes.length, 'change')}. Do it with --yes.`,
    );
  } else say(...outcomes.map(tellOutcome));
  if (outcomes.some(({ kind }) => kind !== 'retried' && kind !== 'dropped' && kind !== 'preview')) process.exitCode = 1;
}

type Outcome = { readonly id: string } & (Steered | { readonly kind: 'preview' });

/** One after the other: they are wishes like any other, and wait for the pace in the queue. */
async function inTurn(core: Core, deed: 'retry' | 'drop', stories: readonly ChangeStory[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { id } of stories) outcomes.push({ id, ...(await core.steering[deed](id)) });
  return outcomes;
}

function preview({ id }: ChangeStory): Outcome {
  return { id, kind: 'preview' };
}

function tellOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'retried':
      return `retried ${outcome.id} as ${outcome.change}`;
    case 'overtaken':
      return `skipped ${outcome.id}: a newer wish for the ticket has overtaken it (${outcome.by})`;
    case 'not-failed':
      return `skipped ${outcome.id}: it has not failed (${outcome.verdict ?? 'still open'})`;
    case 'unknown':
      return `skipped ${outcome.id}: nothing is known of it`;
    default:
      return `${outcome.kind} ${outcome.id}`;
  }
}

function tellInOneLine({ id, endedAt, ticket, status, rule, verdict, reason }: ChangeStory): string {
  return `${id}  ${endedAt}  ticket ${ticket} → ${status}  rule ${rule}  ${verdict}: ${reason ?? ''}`;
}

function toFilter({ rule, ticket, class: kind, since, list }: FailedOptions): FailedFilter {
  return {
    ...(list === undefined ? {} : { list }),
    ...(rule === undefined ? {} : { rule }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(kind === undefined ? {} : { class: kind }),
    ...(since === undefined ? {} : { since: Date.now() - since }),
  };
}
