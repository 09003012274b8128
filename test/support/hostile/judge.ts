// What every answer must be, whatever was asked: no 5xx but 503, no 2xx without proof, errors as problem documents with the
// request id of their header, and not a word that must stay here.
import type { Watch } from './leaks.ts';
import type { Shot } from './shot.ts';
import type { Answer, Heard } from './wire.ts';

/** What is wrong with what came back; empty when nothing is. */
export function judge(shot: Shot, heard: Heard, watch: Watch): string[] {
  const { answers, end, text } = heard;
  const wanted = shot.listening?.answers ?? 1;
  const silent = end === 'silent' ? ['the connection stayed open without an answer'] : [];
  const missing =
    end === 'closed' && answers.length < wanted && shot.mayClose !== true
      ? [`closed after ${answers.length} of ${wanted} answers`]
      : [];
  const leaked = watch.found(text).map((name) => `the answer holds ${name}`);
  return [...silent, ...missing, ...leaked, ...answers.flatMap((answer) => judgeAnswer(shot, answer))];
}

function judgeAnswer({ allowed, listening }: Shot, answer: Answer): string[] {
  const { status } = answer;
  if (status >= 200 && status < 300) return allowed === 'any' ? [] : [`answered ${status} without a proof`];
  if (!(status >= 400 && status < 500) && status !== 503) return [`answered ${status}`];
  if (status === 503 && isReadiness(answer)) return [];
  return judgeProblem(answer, listening?.isHead === true);
}

function judgeProblem({ status, headers, body }: Answer, isHead: boolean): string[] {
  const id = headers.get('x-request-id');
  if (id === undefined) return [`answered ${status} without a request id`];
  if (!/^application\/problem\+json\b/.test(headers.get('content-type') ?? ''))
    return [`answered ${status} as ${headers.get('content-type')}`];
  if (isHead) return [];
  const problem = parse(body);
  if (problem?.status !== status || problem.requestId !== id) return [`answered ${status} with another problem`];
  return [];
}

/** `/readyz` says why it is not ready in a form of its own. */
function isReadiness({ body }: Answer): boolean {
  return parse(body)?.ready === false;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
