-- Notes that a rule is to run: at its time, or because its time has passed while nobody was there.
-- KEYS[1]  the hash tag
-- ARGV     1 rule · 2 the moment it was due ms
-- Answer   '1' noted, '0' known already
-- Invariant: a moment is noted once; moments that pass before the rule gets to run make one run
-- By a clock that is ahead a rule may run early; the moments after it are not swallowed for that.
local dueAt = math.min(tonumber(ARGV[2]), now)
if dueAt <= tonumber(redis.call('HGET', runKey, 'owedAt') or 0) then
  return '0'
end
redis.call('HSET', runKey, 'owedAt', int(dueAt))
redis.call('SADD', runs, rule)
return '1'
