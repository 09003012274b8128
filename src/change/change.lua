-- Library, put before every script that touches changes and ticket records: how a change ends, how an outcome becomes
-- unknown, how a next visit is arranged.
-- KEYS[1]  the hash tag (see ledger.lua, which stands before this one)
-- ARGV     none of its own
-- Answer   none: it defines `finishChange`, `markUnknown`, `arrange` and `read`
-- Invariant: a change gets exactly one verdict; a ticket that is not in step is in `dirty`
local KEPT_MS = 30 * 24 * 60 * 60 * 1000

local function recordKey(ticket)
  return tag .. ':ticket:' .. ticket
end

local function read(ticket)
  local flat = redis.call('HGETALL', recordKey(ticket))
  local record = {}
  for i = 1, #flat, 2 do
    record[flat[i]] = flat[i + 1]
  end
  return record
end

-- Gives the change its verdict, once; a later one is ignored. `facts` may hold reason, by (who won) and activity.
local function finishChange(id, verdict, facts)
  local key = tag .. ':change:' .. id
  local known = redis.call('HMGET', key, 'verdict', 'event', 'ticket', 'rule', 'account')
  if not known[3] or known[1] then
    return false
  end
  redis.call('HSET', key, 'verdict', verdict, 'endedAt', int(now))
  local data = { verdict = verdict }
  for name, value in pairs(facts) do
    if value and value ~= '' then
      redis.call('HSET', key, name, value)
      data[name] = name == 'activity' and cjson.decode(value) or value
    end
  end
  redis.call('ZREM', tag .. ':open', id)
  if verdict == 'failed' or verdict == 'expired' then
    redis.call('ZADD', tag .. ':failed', int(now), id)
  end
  append('verdict', {
    event = known[2], change = id, ticket = known[3], rule = known[4], account = known[5], verdict = verdict,
  }, cjson.encode(data))
  redis.call('PEXPIRE', key, KEPT_MS)
  redis.call('PEXPIRE', tag .. ':ledger:change:' .. id, KEPT_MS)
  return true
end

-- From now until `settle` has passed nobody knows whether the vendor holds `status`. Several may be unknown at once.
local function markUnknown(ticket, record, status, startedAt, settleMs)
  local untilAt = math.max(tonumber(record.unknownUntil or 0), now + settleMs)
  local sinceAt = math.min(tonumber(record.unknownSince or startedAt), startedAt)
  local statuses = record.unknownStatuses or ''
  if not string.find(' ' .. statuses .. ' ', ' ' .. status .. ' ', 1, true) then
    statuses = statuses == '' and status or (statuses .. ' ' .. status)
  end
  record.unknownUntil, record.unknownSince, record.unknownStatuses = int(untilAt), int(sinceAt), statuses
  redis.call('HSET', recordKey(ticket), 'unknownUntil', int(untilAt), 'unknownSince', int(sinceAt),
    'unknownStatuses', statuses)
  return untilAt
end

-- Sets when the next visit makes sense. The answer is that visit's number, which names its job: a number is used for one
-- appointment, so a kick that is told twice makes one job, and a kick for an earlier moment makes a new one.
local function arrange(ticket, dueAt)
  local number = redis.call('HINCRBY', recordKey(ticket), 'visit', 1)
  redis.call('ZADD', tag .. ':dirty', int(dueAt), ticket)
  return number
end
