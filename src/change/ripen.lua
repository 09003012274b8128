-- Wishes that have waited their time enter their ticket's record, with the order of their cause.
-- KEYS[1]  the hash tag
-- ARGV     1 how many at most
-- Answer   for each ticket to be visited: ticket, account, visit number, class
-- Invariant: a wish waits or is in its record, or has its verdict; a wait is durable and ends once
local due = redis.call('ZRANGEBYSCORE', tag .. ':waiting', '-inf', moment, 'LIMIT', 0, ARGV[1])
for _, id in ipairs(due) do
  local key = tag .. ':change:' .. id
  local names = { 'ticket', 'status', 'account', 'rule', 'class', 'deadlineMs', 'from', 'order' }
  local wish = { id = id }
  for i, value in ipairs(redis.call('HMGET', key, unpack(names))) do
    wish[names[i]] = value
  end
  redis.call('ZREM', tag .. ':waiting', id)
  if wish.ticket then
    redis.call('SREM', tag .. ':waits:' .. wish.ticket, id)
    enter(wish, tonumber(wish.order))
  end
end
return kicksFor(table.concat(due, ' '))
