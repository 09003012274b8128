-- Moves the cursor of a run on, past what was planned.
-- KEYS[1]  the hash tag
-- ARGV     1 rule · 2 token · 3 cursor JSON
-- Answer   '1', or 'lost'
-- Invariant: a plan is forgotten in the same step in which the cursor passes it, and not before
if not holds() then
  return 'lost'
end
redis.call('HSET', runKey, 'cursor', ARGV[3])
redis.call('HDEL', runKey, 'plan', 'planned', 'allowed')
return '1'
