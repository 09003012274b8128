-- Whether an account may be used at all: shut by an operator, by refused credentials, or by a vendor that is down.
-- KEYS[1]  the hash tag
-- ARGV     1 account · 2 what happened: alive, throttled, down, unauthorized (answers), pause, resume (an operator)
--          3 '1' when the call was the probe of a shut account · 4 words for the ledger
-- Answer   {'' nothing changed, 'shut' or 'open'; why it is shut or was; ms until the next probe}
-- Invariant: while an account is shut one probe an interval is made and no other call; only an operator opens what an
--          operator shut; opening starts at a tenth of the pace
local FAILURES_TO_SHUT = 10 -- in a row, over all processes
local FIRST_PROBE_MS, LAST_PROBE_MS = 1000, 5 * 60 * 1000 -- of a vendor that is down: doubled each time
local CREDENTIALS_PROBE_MS = 60 * 1000
local account, what, isProbe, words = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]
local key = tag .. ':pace:' .. account
local known = redis.call('HMGET', key, 'shut', 'failures', 'probeEveryMs')
local shut, failures, probeEveryMs = known[1], tonumber(known[2] or 0), tonumber(known[3] or 0)

local function close(why, everyMs)
  redis.call('HSET', key, 'shut', why, 'shutAt', int(now), 'probeEveryMs', int(everyMs), 'probeAt', int(now + everyMs))
  append('account', { account = account }, cjson.encode({ state = 'shut', why = why, said = words }))
  return { 'shut', why, int(everyMs) }
end

local function open()
  redis.call('HDEL', key, 'shut', 'shutAt', 'probeEveryMs', 'probeAt', 'failures')
  -- What piled up meanwhile is not let loose at once: the pace grows by 5 % a second (share.lua).
  redis.call('HSET', key, 'share', '0.1', 'shareAt', int(now))
  append('account', { account = account }, cjson.encode({ state = 'open', why = shut }))
  return { 'open', shut, '0' }
end

if what == 'pause' then
  return shut == 'operator' and { '', shut, '0' } or close('operator', 0)
elseif what == 'resume' then
  return shut and open() or { '', '', '0' }
elseif shut == 'operator' then
  return { '', shut, '0' }
elseif what == 'unauthorized' then
  if shut == 'unauthorized' then
    return { '', shut, int(CREDENTIALS_PROBE_MS) }
  end
  return close('unauthorized', CREDENTIALS_PROBE_MS)
elseif what == 'down' then
  redis.call('HSET', key, 'failures', int(failures + 1))
  if shut then
    if isProbe then
      local everyMs = shut == 'unauthorized' and CREDENTIALS_PROBE_MS
        or math.min(LAST_PROBE_MS, math.max(FIRST_PROBE_MS, probeEveryMs * 2))
      redis.call('HSET', key, 'probeEveryMs', int(everyMs), 'probeAt', int(now + everyMs))
    end
    return { '', shut, '0' }
  end
  if failures + 1 >= FAILURES_TO_SHUT then
    return close('outage', FIRST_PROBE_MS)
  end
  return { '', '', '0' }
end

-- The vendor answered. A 429 says nothing about credentials; everything else does.
if failures > 0 then
  redis.call('HDEL', key, 'failures')
end
if shut == 'outage' or (shut == 'unauthorized' and what == 'alive') then
  return open()
end
return { '', shut or '', '0' }
