-- What is true of a change at one moment.
-- KEYS[1]  the hash tag
-- ARGV     1 change id
-- Answer   {verdict or '', '1' when open, ticket or '', '1' when it waits for its time or its ticket is due for a visit,
--          '1' when it waits or its ticket's record knows it}
-- Invariant: reads only
local id = ARGV[1]
local known = redis.call('HMGET', tag .. ':change:' .. id, 'verdict', 'ticket')
local ticket = known[2] or ''
local record = ticket ~= '' and redis.call('HMGET', recordKey(ticket), 'change', 'flight') or {}
local waits = redis.call('ZSCORE', tag .. ':waiting', id)
return {
  known[1] or '',
  redis.call('ZSCORE', tag .. ':open', id) and '1' or '0',
  ticket,
  (waits or (ticket ~= '' and redis.call('ZSCORE', tag .. ':dirty', ticket))) and '1' or '0',
  (waits or record[1] == id or record[2] == id) and '1' or '0',
}
