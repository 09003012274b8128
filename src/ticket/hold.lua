-- The vendor said 429: nobody calls for this account until the hold is over, and the pace comes down.
-- KEYS[1]  the hash tag
-- ARGV     1 account · 2 wait the vendor asked for ms, or '' · 3 longest wait we honour ms
-- Answer   {ms to wait, share of the pace from now on}
-- Invariant: a hold is never shortened; it is never longer than ARGV[3]; refusals drawn by one burst count once
local key = tag .. ':pace:' .. ARGV[1]
local longest = tonumber(ARGV[3])
local known = redis.call('HMGET', key, 'holdUntil', 'strikes', 'share')
local holdUntil, strikes, share = tonumber(known[1] or 0), tonumber(known[2] or 0), tonumber(known[3] or 1)
if holdUntil <= now then
  -- Ten quiet seconds after a hold end the series; within them the wait doubles and the pace comes down again.
  strikes = (now - holdUntil < 10000) and strikes + 1 or 1
  share = math.max(0.1, share * 0.7)
end
local waitMs = ARGV[2] ~= '' and tonumber(ARGV[2]) or 1000 * 2 ^ (strikes - 1)
waitMs = math.min(longest, math.max(100, waitMs))
if now + waitMs > holdUntil then
  holdUntil = now + waitMs
  append('hold', { account = ARGV[1] }, cjson.encode({ waitMs = waitMs, share = share, asked = ARGV[2] ~= '' }))
end
redis.call('HSET', key, 'holdUntil', int(holdUntil), 'strikes', int(strikes), 'share', string.format('%.6f', share),
  'shareAt', int(holdUntil))
return { int(holdUntil - now), string.format('%.3f', share) }
