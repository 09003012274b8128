-- Renews the lease of a run, or gives it back.
-- KEYS[1]  the hash tag
-- ARGV     1 rule · 2 token · 3 lease ms (0: give it back)
-- Answer   Redis' clock ms, or 'lost'
-- Invariant: a lease is renewed and given back by its holder only
if not holds() then
  return 'lost'
end
if tonumber(ARGV[3]) > 0 then
  redis.call('PEXPIRE', leaseKey, ARGV[3])
else
  redis.call('DEL', leaseKey)
end
return moment
