-- Takes a rule's run: the one that was begun and not finished, else a new one if the rule is owed one.
-- KEYS[1]  the hash tag
-- ARGV     1 rule · 2 token · 3 lease ms · 4 id for a new run
-- Answer   {'none'} nothing to do · {'busy'} somebody runs it
--          · {'taken', run id, started at ms, how often resumed, cursor or '', plan or '', what the cap let through of it}
-- Invariant: at most one holder a rule; a run that was begun is finished before the next begins
local holder = redis.call('GET', leaseKey)
if holder and holder ~= token then
  return { 'busy' }
end
local state = redis.call('HMGET', runKey, 'run', 'owedAt', 'ranAt')
if state[1] then
  if not holder then -- not when our own command is sent again after a cut connection
    redis.call('HINCRBY', runKey, 'resumed', 1)
  end
elseif tonumber(state[2] or 0) > tonumber(state[3] or 0) then
  redis.call('HSET', runKey, 'run', ARGV[4], 'startedAt', moment, 'ranAt', state[2], 'resumed', '0')
else
  redis.call('SREM', runs, rule)
  return { 'none' }
end
redis.call('SET', leaseKey, token, 'PX', ARGV[3])
redis.call('SADD', runs, rule)
local run = redis.call('HMGET', runKey, 'run', 'startedAt', 'resumed', 'cursor', 'plan', 'allowed')
return { 'taken', run[1], run[2], run[3], run[4] or '', run[5] or '', run[6] or '0' }
