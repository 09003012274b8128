-- A visit takes its ticket, if there is something to do and nobody else is at it.
-- KEYS[1]  the hash tag
-- ARGV     1 ticket · 2 token of this visit · 3 lease ms · 4 settle ms
-- Answer   {'clean'} in step · {'busy'} another visit holds it · {'later', ms, visit number} an outcome has to settle first
--          · {'early'} not due, its appointment stands · {'taken', Redis' clock ms, record as flat names and values}
-- Invariant: at most one token holds a ticket; a predecessor that vanished with a call under way leaves an unknown outcome,
--          never a forgotten one
local ticket, token, leaseMs, settleMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local leaseKey = tag .. ':lease:' .. ticket
local holder = redis.call('GET', leaseKey)
if holder and holder ~= token then
  return { 'busy' }
end
local due = redis.call('ZSCORE', tag .. ':dirty', ticket)
local record = read(ticket)
if not due or not record.change then
  return { 'clean' }
end

if not holder then
  if record.flight and record.flight ~= '' then
    -- The visit before this one died or froze with a call under way.
    markUnknown(ticket, record, record.flightStatus, tonumber(record.flightAt), settleMs)
    appendAttempt({ change = record.flight, ticket = ticket, account = record.account }, cjson.encode({
      call = 'PUT', answer = 'unknown', status = record.flightStatus,
      why = 'the worker was lost between the call and its answer', startedAt = tonumber(record.flightAt),
    }))
    if record.flight == record.change then
      redis.call('HINCRBY', recordKey(ticket), 'attempts', 1)
    else
      finishChange(record.flight, 'superseded', { by = record.change, reason = 'a newer wish came during its call' })
    end
    redis.call('HDEL', recordKey(ticket), 'owner', 'flight', 'flightStatus', 'flightAt')
    local number = arrange(ticket, tonumber(record.unknownUntil))
    return { 'later', int(tonumber(record.unknownUntil) - now), int(number) }
  end
  if tonumber(due) > now then
    return { 'early' }
  end
  if tonumber(record.unknownUntil or 0) > now then
    local number = arrange(ticket, tonumber(record.unknownUntil))
    return { 'later', int(tonumber(record.unknownUntil) - now), int(number) }
  end
end

redis.call('SET', leaseKey, token, 'PX', int(leaseMs))
redis.call('HSET', recordKey(ticket), 'owner', token)
arrange(ticket, now + leaseMs) -- should this visit die, the sweep comes back when its lease has run out
local reply = { 'taken', moment }
for _, part in ipairs(redis.call('HGETALL', recordKey(ticket))) do
  reply[#reply + 1] = part
end
return reply
