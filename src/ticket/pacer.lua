-- Hands out the slots of an account, evenly spaced over all processes (GCRA with no burst). Stands behind share.lua.
-- KEYS[1]  the hash tag
-- ARGV     1 account · 2 interval between calls ms at full pace · 3 how far ahead a slot may be booked ms
--          · 4 how soon the caller can make use of one ms
-- Answer   {'1', ms until the slot, share of the pace in force, 'probe' or '', the slot by Redis' clock ms} booked
--          · {'0', ms after which to ask again, share}
-- Invariant: two slots of one account are never closer than the interval; none lies before `holdUntil`; while the account
--          is shut (gate.lua) there is at most one slot per probe interval, and none when an operator shut it
local key = tag .. ':pace:' .. ARGV[1]
local nowMs = time[1] * 1000 + time[2] / 1000
local known = redis.call('HMGET', key, 'nextAt', 'holdUntil', 'share', 'shareAt', 'shut', 'probeAt', 'probeEveryMs')
local share = grownShare(known[3], known[4], nowMs)
local freeAt = math.max(tonumber(known[1] or 0), tonumber(known[2] or 0))
local slotAt = math.max(nowMs + tonumber(ARGV[4]), freeAt)
local shareText = string.format('%.3f', share)
local shut = known[5]
if shut == 'operator' then
  return { '0', '1000', shareText }
end
if shut and nowMs < tonumber(known[6]) then
  return { '0', string.format('%.3f', tonumber(known[6]) - nowMs), shareText }
end
if freeAt - nowMs > tonumber(ARGV[3]) then
  return { '0', string.format('%.3f', freeAt - nowMs - tonumber(ARGV[3])), shareText }
end
-- Fine enough for what a share grows by between two of a hundred calls a second.
redis.call('HSET', key, 'nextAt', string.format('%.3f', slotAt + tonumber(ARGV[2]) / share), 'share',
  string.format('%.6f', share), 'shareAt', string.format('%.3f', nowMs))
if shut then
  redis.call('HSET', key, 'probeAt', string.format('%.3f', nowMs + tonumber(known[7])))
end
return { '1', string.format('%.3f', slotAt - nowMs), shareText, shut and 'probe' or '', string.format('%.3f', slotAt) }
