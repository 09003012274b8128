-- Stores what the token endpoint granted, and ends the attempt.
-- KEYS[1]  the hash tag
-- ARGV     1 account · 2 attempt · 3 version that was renewed · 4 chain · 5 sealed tokens · 6 ms until they expire
--          7 how long before that they are renewed ms · 8 '1' when a 401 was the reason
-- Answer   'kept' · 'late' when other tokens have been stored since
-- Invariant: a version is stored once and only after the one before it; storing the same again changes nothing
local from, lifeMs = ARGV[3], tonumber(ARGV[6])
local kept = redis.call('HMGET', key, 'version', 'by', 'chain', 'expiresAt')
local version = int(tonumber(from) + 1)
if kept[2] == attempt and kept[1] == version then
  unlock()
  return 'kept'
end
if (kept[1] or '0') ~= from then
  unlock()
  return 'late'
end
if kept[3] ~= ARGV[4] then
  redis.call('HDEL', key, 'refusedAt')
end
-- A 401 for a token that had run out is no surprise and does not count.
if ARGV[8] == '1' and now < tonumber(kept[4] or 0) then
  redis.call('HSET', key, 'refusedAt', int(now))
end
redis.call('HSET', key, 'chain', ARGV[4], 'version', version, 'sealed', ARGV[5], 'by', attempt,
  'expiresAt', int(now + lifeMs), 'renewAt', int(now + lifeMs - tonumber(ARGV[7])))
redis.call('HDEL', key, 'begunAt', 'begunBy', 'begunChain', 'brokeAt', 'brokeChain', 'retryAt', 'failure', 'failedChain')
unlock()
return 'kept'
