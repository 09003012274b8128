-- The last look before a call: renews the lease, reads the newest wish and, when the caller says which version it is
-- about to send, notes the call as under way.
-- KEYS[1]  the hash tag
-- ARGV     1 ticket · 2 token · 3 lease ms · 4 version about to be sent, or '' to look only
--          · 5 '1' when the call would be the probe of a shut account
-- Answer   {'lost'} the lease is another's or nobody's · {'held', ms} the account is told to wait
--          · {'go', Redis' clock ms} the call is noted · {'record', Redis' clock ms, names and values…} the newest state
-- Invariant: a call under way is noted in the record before it leaves, with the change it is for; what is no longer noted
--          is either the newest wish or has its verdict
local ticket, token, leaseMs, version = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local leaseKey = tag .. ':lease:' .. ticket
if redis.call('GET', leaseKey) ~= token then
  return { 'lost' }
end
redis.call('PEXPIRE', leaseKey, int(leaseMs))
redis.call('ZADD', tag .. ':dirty', int(now + leaseMs), ticket)
local record = read(ticket)
-- Who looks has no call under way: one that was noted before never left (the answer to the note came too late).
if record.flight then
  if record.flight ~= record.change then
    finishChange(record.flight, 'superseded', { by = record.change, reason = 'a newer wish came before its call left' })
  end
  redis.call('HDEL', recordKey(ticket), 'flight', 'flightStatus', 'flightAt')
end
local pace = redis.call('HMGET', tag .. ':pace:' .. record.account, 'holdUntil', 'shut')
if tonumber(pace[1] or 0) > now or (pace[2] and ARGV[5] ~= '1') or pace[2] == 'operator' then
  return { 'held', int(math.max(0, tonumber(pace[1] or 0) - now)) }
end
if version ~= '' and version == record.version then
  redis.call('HSET', recordKey(ticket), 'flight', record.change, 'flightStatus', record.want, 'flightAt', moment)
  return { 'go', moment }
end
local reply = { 'record', moment }
for name, value in pairs(record) do
  reply[#reply + 1] = name
  reply[#reply + 1] = value
end
return reply
