-- The last look before a call: renews the lease, reads the newest wish and, when the caller says which version it is
-- about to send, notes the call as under way.
-- KEYS[1]  the hash tag
-- ARGV     1 ticket · 2 token · 3 lease ms · 4 version about to be sent, or '' to look only
-- Answer   {'lost'} the lease is another's or nobody's · {'held', ms} the account is told to wait
--          · {'go', Redis' clock ms} the call is noted · {'record', Redis' clock ms, names and values…} the newest state
-- Invariant: a call under way is noted in the record before it leaves, with the change it is for
local ticket, token, leaseMs, version = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local leaseKey = tag .. ':lease:' .. ticket
if redis.call('GET', leaseKey) ~= token then
  return { 'lost' }
end
redis.call('PEXPIRE', leaseKey, int(leaseMs))
redis.call('ZADD', tag .. ':dirty', int(now + leaseMs), ticket)
local record = read(ticket)
local holdUntil = tonumber(redis.call('HGET', tag .. ':pace:' .. record.account, 'holdUntil') or 0)
if holdUntil > now then
  return { 'held', int(holdUntil - now) }
end
if version ~= '' and version == record.version then
  redis.call('HSET', recordKey(ticket), 'flight', record.change, 'flightStatus', record.want, 'flightAt', int(now))
  return { 'go', int(now) }
end
local reply = { 'record', int(now) }
for name, value in pairs(record) do
  reply[#reply + 1] = name
  reply[#reply + 1] = value
end
return reply
