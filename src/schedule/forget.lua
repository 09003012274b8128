-- Ends what a rule is doing, because it is no longer there. Its cap stays: a rule that comes back goes on with it.
-- KEYS[1]  the hash tag
-- ARGV     1 rule
-- Answer   the run that was ended, or ''
-- Invariant: whoever runs it has lost its lease and moves it no further
local run = redis.call('HGET', runKey, 'run')
redis.call('DEL', runKey, leaseKey)
redis.call('SREM', runs, rule)
return run or ''
