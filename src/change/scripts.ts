// Owns which .lua files make the scripts of this folder: each stands on the libraries that its head names.
import { defineScript, type RedisClient } from '../redis/script.ts';
import type { RecordScripts } from './record.ts';

/** The record's scripts on a connection; `tag` is the hash tag under which everything is kept. */
export function openRecordScripts(client: RedisClient, tag: string): RecordScripts {
  const load = (file: string) =>
    defineScript(
      client,
      ['../ledger/ledger.lua', './change.lua', file].map((each) => new URL(each, import.meta.url)),
      [tag],
    );
  return {
    accept: load('./accept.lua'),
    ripen: load('./ripen.lua'),
    resolve: load('./resolve.lua'),
    begin: load('./begin.lua'),
    look: load('./look.lua'),
    cancel: load('./cancel.lua'),
    finish: load('./finish.lua'),
    auditChange: load('./audit-change.lua'),
    auditTicket: load('./audit-ticket.lua'),
  };
}
