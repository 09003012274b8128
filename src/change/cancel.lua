-- An operator takes a wish back, unless its call is under way or it has its verdict.
-- KEYS[1]  the hash tag
-- ARGV     1 change id
-- Answer   {'cancelled'} · {'unknown'} no such change · {'ended', verdict} · {'under-way'} its call has left, and what
--          became of it is not known
-- Invariant: a cancelled wish is never sent; one that may have been sent is never called cancelled
local id = ARGV[1]
local known = redis.call('HMGET', tag .. ':change:' .. id, 'ticket', 'verdict')
if not known[1] then
  return { 'unknown' }
end
if known[2] then
  return { 'ended', known[2] }
end
local ticket = known[1]
local record = read(ticket)
local isUnknown = record.unknownUntil and string.find(' ' .. record.unknownStatuses .. ' ', ' ' .. record.want .. ' ', 1, true)
if record.flight == id or (record.change == id and isUnknown) then
  return { 'under-way' }
end
finishChange(id, 'cancelled', { reason = 'an operator took it back' })
if record.change == id then
  -- With a new version no visit can send what it has read before; past its deadline nothing is sent to mend an older call.
  redis.call('HINCRBY', recordKey(ticket), 'version', 1)
  redis.call('HSET', recordKey(ticket), 'open', '0', 'deadlineAt', moment)
  -- A visit that holds the lease looks again before its call and finds nothing open; an unknown outcome stays to be read.
  if not record.unknownUntil and not record.flight and redis.call('EXISTS', tag .. ':lease:' .. ticket) == 0 then
    redis.call('ZREM', tag .. ':dirty', ticket)
    redis.call('PEXPIRE', recordKey(ticket), KEPT_MS)
  end
end
return { 'cancelled' }
