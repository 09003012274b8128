-- What is true of a ticket that is not in step, at one moment.
-- KEYS[1]  the hash tag
-- ARGV     1 ticket
-- Answer   {clean, leased, lease-without-owner or waiting; account; visit number; how long it has been due ms (less than 0: not yet)}
-- Invariant: reads only
local ticket = ARGV[1]
local due = redis.call('ZSCORE', tag .. ':dirty', ticket)
if not due then
  return { 'clean', '', '', '0' }
end
local record = read(ticket)
local state = 'waiting'
local holder = redis.call('GET', tag .. ':lease:' .. ticket)
if holder then
  state = holder == record.owner and 'leased' or 'lease-without-owner'
end
return { state, record.account or '', record.visit or '0', int(now - tonumber(due)) }
