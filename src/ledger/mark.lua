-- What there is of the history that was confirmed: asked after every reconnect, before anyone relies on it.
-- KEYS[1]  the hash tag
-- ARGV     the id confirmed last 1 in the ledger · 2 in the ring of events that led to nothing; '' for none
-- Answer   for each of the two: the id generated last, '' if there is no stream · the newest entry no later than the one
--          confirmed, '' if there is none · '1' if nothing was ever removed from the stream, else or unknown ''
-- Invariant: nothing is changed, and both streams are seen at one moment
local function look(stream, mark)
  if redis.call('EXISTS', stream) == 0 then
    return '', '', ''
  end
  local about = {}
  local flat = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #flat, 2 do
    about[flat[i]] = flat[i + 1]
  end
  local newest = mark ~= '' and redis.call('XREVRANGE', stream, mark, '-', 'COUNT', 1)[1]
  -- Told by Redis 7.0 and later, through restarts and rewrites of the append-only file.
  local isWhole = about['entries-added'] == about.length
  return about['last-generated-id'], newest and newest[1] or '', isWhole and '1' or ''
end

local last, upTo, isWhole = look(KEYS[1] .. ':ledger', ARGV[1])
return { last, upTo, isWhole, look(KEYS[1] .. ':unmatched', ARGV[2]) }
