-- Writes down what a run is about to wish, and takes as much of the rule's cap for it as is left.
-- KEYS[1]  the hash tag
-- ARGV     1 rule · 2 token · 3 page of the run · 4 plan JSON · 5 wishes in it that count for the cap · 6 cap: wishes · 7 in ms
-- Answer   how many of them the cap lets through, or 'lost'
-- Invariant: over all runs, no more wishes than the cap go through in any window of its length; a page takes of it once
if not holds() then
  return 'lost'
end
local planned = redis.call('HMGET', runKey, 'planned', 'allowed')
if planned[1] == ARGV[3] then -- our own command, sent again after a cut connection
  return planned[2]
end
local perMs = tonumber(ARGV[7])
redis.call('ZREMRANGEBYSCORE', capKey, '-inf', int(now - perMs))
local allowed = math.max(0, math.min(tonumber(ARGV[5]), tonumber(ARGV[6]) - redis.call('ZCARD', capKey)))
local run = redis.call('HGET', runKey, 'run')
for i = 1, allowed do
  redis.call('ZADD', capKey, moment, run .. ':' .. ARGV[3] .. ':' .. i)
end
if allowed > 0 then
  redis.call('PEXPIRE', capKey, int(perMs))
end
redis.call('HSET', runKey, 'plan', ARGV[4], 'planned', ARGV[3], 'allowed', int(allowed))
return int(allowed)
