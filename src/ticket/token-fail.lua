-- Ends an attempt that brought no tokens; the others learn of it instead of asking again at once.
-- KEYS[1]  the hash tag
-- ARGV     1 account · 2 attempt · 3 version that should have been renewed · 4 chain
--          5 the answer as JSON, or '' when nothing was asked · 6 ms in which asking again does not help
--          7 '1' when the refresh token may have been used up all the same
-- Answer   '1' the version is still the newest · '0' other tokens have been stored since
-- Invariant: tokens that are stored are never touched by a failure
unlock()
if redis.call('HGET', key, 'begunBy') == attempt then
  if ARGV[7] == '1' then
    noteBreak('')
  end
  redis.call('HDEL', key, 'begunAt', 'begunBy', 'begunChain')
end
if (redis.call('HGET', key, 'version') or '0') ~= ARGV[3] then
  return '0'
end
if ARGV[5] ~= '' then
  redis.call('HSET', key, 'failure', ARGV[5], 'retryAt', int(now + tonumber(ARGV[6])), 'failedChain', ARGV[4])
end
return '1'
