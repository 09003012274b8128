// Owns which .lua files make the scripts of the pacer and of the gate.
import { defineScript, type RedisClient } from '../redis/script.ts';

/** The scripts on a connection; `tag` is the hash tag under which everything is kept. */
export function openPaceScripts(client: RedisClient, tag: string) {
  const load = (...files: string[]) =>
    defineScript(
      client,
      ['../ledger/ledger.lua', ...files].map((each) => new URL(each, import.meta.url)),
      [tag],
    );
  return { slot: load('./share.lua', './pacer.lua'), hold: load('./hold.lua'), gate: load('./gate.lua') };
}
