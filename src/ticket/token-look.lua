-- Is there an access token to use, and if it is time to renew it, who does?
-- KEYS[1]  the hash tag
-- ARGV     1 account · 2 attempt · 3 chain of the configured refresh token · 4 '1' to follow whatever chain is stored
--          5 version whose tokens the caller knows · 6 newest version that the vendor refused with 401, or 0
--          7 lock ms
-- Answer   {'good', version, sealed tokens or '' when known, ms in which a 401 renews nothing}
--          · {'mine', version, sealed tokens or '' to begin with the configured one, '1' when they still serve, their
--            chain, when a refresh of them broke off ms or ''}: the lock is the caller's, who may ask for new ones
--          · {'failed', the answer as JSON, ms until asking again helps} · {'busy'}
-- Invariant: one caller at a time is told `mine`, and that it may be asking is noted, because its answer may be lost with
--            it; while a token serves nobody waits for another
local REFUSAL_REST_MS = 5 * 60 * 1000
local chain, follows, known, refused, lockMs = ARGV[3], ARGV[4] == '1', ARGV[5], ARGV[6], tonumber(ARGV[7])
local kept = redis.call('HMGET', key, 'chain', 'version', 'sealed', 'expiresAt', 'renewAt', 'refusedAt', 'retryAt',
  'failure', 'failedChain')
local version = kept[2] or '0'
-- A running process follows when another one has begun a new chain; a starting one takes what is configured.
local isOurs = kept[1] and (follows or kept[1] == chain)
local restMs = math.max(0, tonumber(kept[6] or -REFUSAL_REST_MS) + REFUSAL_REST_MS - now)
local isRefused = isOurs and refused == version and restMs == 0
local serves = isOurs and now < tonumber(kept[4]) and not isRefused
local function good()
  -- Once it has run out a 401 is no surprise.
  return { 'good', version, known == version and '' or kept[3], int(math.min(restMs, tonumber(kept[4]) - now)) }
end
if serves and now < tonumber(kept[5]) then
  return good()
end
local inForce = isOurs and kept[1] or chain
local retryMs = kept[9] == inForce and tonumber(kept[7]) - now or 0
if retryMs > 0 then
  return serves and good() or { 'failed', kept[8], int(retryMs) }
end
if not redis.call('SET', lock, attempt, 'NX', 'PX', int(lockMs)) and redis.call('GET', lock) ~= attempt then
  return serves and good() or { 'busy' }
end
redis.call('PEXPIRE', lock, int(lockMs))
noteBreak(attempt)
redis.call('HSET', key, 'begunAt', int(now), 'begunBy', attempt, 'begunChain', inForce)
local broke = redis.call('HMGET', key, 'brokeAt', 'brokeChain')
return { 'mine', version, isOurs and kept[3] or '', serves and '1' or '', inForce,
  broke[2] == inForce and broke[1] or '' }
