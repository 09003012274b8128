-- Ends a run and writes its summary into the ledger.
-- KEYS[1]  the hash tag
-- ARGV     1 rule · 2 token · 3 account · 4 summary JSON
-- Answer   '1', or 'lost'
-- Invariant: a run has one summary; a rule that came due meanwhile stays noted
if not holds() then
  return 'lost'
end
append('run', { rule = rule, account = ARGV[3] }, ARGV[4])
redis.call('HDEL', runKey, 'run', 'startedAt', 'resumed', 'cursor', 'plan', 'planned', 'allowed')
redis.call('DEL', leaseKey)
local state = redis.call('HMGET', runKey, 'owedAt', 'ranAt')
if tonumber(state[1] or 0) <= tonumber(state[2] or 0) then
  redis.call('SREM', runs, rule)
end
return '1'
