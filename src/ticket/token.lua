-- Library, put before every script about the tokens of an account with oauth: where they rest, the lock of who renews, and
-- the memory of a refresh whose end is unknown.
-- KEYS[1]  the hash tag (see ledger.lua, which stands before this one)
-- ARGV     1 account · 2 attempt: names one try to renew, and whoever makes it
-- Answer   none: it defines `key`, `lock`, `attempt`, `unlock` and `noteBreak`
-- Invariant: the lock is given back by nobody but its holder; without one it runs out
local key = tag .. ':oauth:' .. ARGV[1]
local lock = key .. ':lock'
local attempt = ARGV[2]

local function unlock()
  if redis.call('GET', lock) == attempt then
    redis.call('DEL', lock)
  end
end

-- A refresh of anyone but `except` that began and never ended may have used up the refresh token of its chain.
local function noteBreak(except)
  local begun = redis.call('HMGET', key, 'begunAt', 'begunBy', 'begunChain')
  if begun[1] and begun[2] ~= except then
    redis.call('HSET', key, 'brokeAt', begun[1], 'brokeChain', begun[3])
  end
end
