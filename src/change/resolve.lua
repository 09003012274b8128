-- A ticket that was named by its number has been found, or is not there: the newest wish for it goes to its record.
-- KEYS[1]  the hash tag
-- ARGV     1 reference (`number:N@LOCATION`) · 2 token of the visit · 3 ticket id, or '' · 4 why it was not found
--          · 5… one attempt JSON each
-- Answer   for each ticket to be visited: ticket, account, visit number, class
-- Invariant: only the holder of the lease resolves; the wish keeps its order
local reference, token, ticket = ARGV[1], ARGV[2], ARGV[3]
local leaseKey = tag .. ':lease:' .. reference
if redis.call('GET', leaseKey) ~= token then
  return {}
end
local record = read(reference)
local id = record.change
local key = tag .. ':change:' .. id
local known = redis.call('HMGET', key, 'event', 'rule')
for i = 5, #ARGV do
  appendAttempt({ event = known[1], change = id, ticket = reference, rule = known[2], account = record.account }, ARGV[i])
end
redis.call('DEL', leaseKey, recordKey(reference))
redis.call('ZREM', tag .. ':dirty', reference)
if record.open ~= '1' then
  return {}
end
if ticket == '' then
  finishChange(id, 'failed', { reason = ARGV[4] })
  return {}
end
redis.call('HSET', key, 'ticket', ticket, 'reference', reference)
redis.call('PEXPIRE', tag .. ':changes:' .. reference, KEPT_MS)
index(ticket, id)
enter({
  id = id, ticket = ticket, status = record.want, account = record.account, rule = record.rule, class = record.class,
  deadlineMs = math.max(0, tonumber(record.deadlineAt) - now), from = record.from or '',
}, tonumber(record.order))
return kicksFor(id)
