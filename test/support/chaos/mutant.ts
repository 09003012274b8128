// Negative controls: a copy of the built program with one guard taken out. A test that passes with the guard off proves
// nothing, so each main guard has a run here that the judge must find fault with.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workFolder } from '../process.ts';
import { builtProgram } from './site.ts';

/** One edit of a built file. Fails when the text is no longer there, so that no control becomes void in silence. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Copies the program without the guard and gives the copy's folder; gone after the test. */
export function withoutGuard({ file, from, to }: Edit): string {
  const root = workFolder();
  const dist = join(root, 'dist');
  cpSync(builtProgram, dist, { recursive: true });
  const checkout = join(builtProgram, '..');
  for (const name of ['node_modules', 'package.json']) symlinkSync(join(checkout, name), join(root, name));
  const path = join(dist, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold once what this control takes out: ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  return dist;
}

export const guards = {
  /** Two calls are never closer than the interval. */
  pace: {
    file: 'src/ticket/pacer.lua',
    from: `string.format('%.3f', slotAt + tonumber(ARGV[2]) / share)`,
    to: `string.format('%.3f', slotAt)`,
  },
  /** A delivery that was seen is not an event again. */
  seen: { file: 'src/change/accept.lua', from: 'if seen then', to: 'if false then' },
  /** A wish of an earlier order does not overwrite a later one. */
  order: {
    file: 'src/change/change.lua',
    from: 'if record.order and order < tonumber(record.order) then',
    to: 'if false then',
  },
  /** A worker that is gone with its call under way leaves an unknown outcome. */
  unknown: {
    file: 'src/change/begin.lua',
    from: `if record.flight and record.flight ~= '' then`,
    to: 'if false then',
  },
  /** Only the holder of the lease moves the record. */
  lease: {
    file: 'src/change/finish.lua',
    from: 'if holder ~= token and (holder or record.owner ~= token) then',
    to: 'if false then',
  },
  /** Lost wake-ups are brought back. */
  sweep: { file: 'src/schedule/sweep.js', from: 'start: schedule,', to: 'start: () => {},' },
} satisfies Record<string, Edit>;
