-- Library, put before every script that touches changes and ticket records: how a change ends, how an outcome becomes
-- unknown, how a next visit is arranged, how a wish enters its ticket's record.
-- KEYS[1]  the hash tag (see ledger.lua, which stands before this one)
-- ARGV     none of its own
-- Answer   none: it defines `index`, `read`, `tally`, `finishChange`, `markUnknown`, `arrange`, `waitsOf`, `overtake`, `enter`
--          and `kicksFor`
-- Invariant: a change gets exactly one verdict; a ticket that is not in step is in `dirty`
local KEPT_MS = 30 * 24 * 60 * 60 * 1000
local MOST_CHANGES = 1000 -- of one ticket, in its index

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

-- Counts changes for /metrics, under a name that src/metrics/field.ts reads. In one step with what it counts, so that there
-- too what was accepted has a verdict or is open.
local function tally(by, ...)
  redis.call('HINCRBY', tag .. ':metrics', table.concat({ ... }, '|'), by)
end

-- Puts a change into the index of its ticket, which has no end while the newest is open (see finishChange).
local function index(ticket, id)
  local key = tag .. ':changes:' .. ticket
  local count = redis.call('RPUSH', key, id)
  if count > 1 then
    redis.call('PERSIST', key)
  end
  if count > MOST_CHANGES then
    redis.call('LTRIM', key, -MOST_CHANGES, -1)
  end
end

-- Gives the change its verdict, once; a later one is ignored. `facts` may hold reason, by (who won) and activity.
local function finishChange(id, verdict, facts)
  local key = tag .. ':change:' .. id
  local known = redis.call('HMGET', key, 'verdict', 'event', 'ticket', 'rule', 'account')
  if not known[3] or known[1] then
    return false
  end
  redis.call('HSET', key, 'verdict', verdict, 'endedAt', moment)
  local data = { verdict = verdict }
  for name, value in pairs(facts) do
    if value and value ~= '' then
      redis.call('HSET', key, name, value)
      data[name] = name == 'activity' and cjson.decode(value) or value
    end
  end
  redis.call('ZREM', tag .. ':open', id)
  tally(1, 'changes', known[5] or '', verdict)
  if redis.call('ZREM', tag .. ':waiting', id) == 1 then
    redis.call('SREM', tag .. ':waits:' .. known[3], id)
  end
  if verdict == 'failed' or verdict == 'expired' then
    redis.call('ZADD', tag .. ':failed', moment, id)
  elseif verdict == 'held' then
    redis.call('ZADD', tag .. ':held', moment, id)
  end
  append('verdict', {
    event = known[2], change = id, ticket = known[3], rule = known[4], account = known[5], verdict = verdict,
  }, cjson.encode(data))
  redis.call('PEXPIRE', key, KEPT_MS)
  redis.call('PEXPIRE', tag .. ':attempts:' .. id, KEPT_MS)
  redis.call('PEXPIRE', tag .. ':changes:' .. known[3], KEPT_MS)
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

local isAnyWaiting -- asked once; whoever lets one wait says so

-- The wishes of a ticket that wait for their time. Mostly nothing waits at all, and then no ticket is asked.
local function waitsOf(ticket)
  if isAnyWaiting == nil then
    isAnyWaiting = redis.call('EXISTS', tag .. ':waiting') == 1
  end
  return isAnyWaiting and redis.call('SMEMBERS', tag .. ':waits:' .. ticket) or {}
end

-- Ends the wishes of a ticket that wait for their time and are older than this one.
local function overtake(ticket, order, by)
  for _, id in ipairs(waitsOf(ticket)) do
    if id ~= by and tonumber(redis.call('HGET', tag .. ':change:' .. id, 'order')) <= order then
      finishChange(id, 'superseded', { by = by, reason = 'a newer wish for the ticket came while it waited' })
    end
  end
end

-- When a wish that enters now wants its ticket visited, and the number of that visit; without a number the ticket has its
-- appointment already, and without a moment whoever holds the lease looks for wishes itself.
local function appointmentFor(wish, record, leased)
  if leased then
    return nil -- who holds the lease reads the newest wish before the call, and looks again after it
  end
  local dueAt = math.max(now, tonumber(record.unknownUntil or 0))
  local due = record.version and tonumber(redis.call('ZSCORE', tag .. ':dirty', wish.ticket) or nil)
  -- An appointment made for a clock rule is queued behind every event's: an event's wish does not wait there.
  local isBehind = record.class == 'clock' and wish.class == 'live'
  if due and due <= dueAt and not isBehind then
    return due
  end
  return dueAt, int(tonumber(record.visit or 0) + 1)
end

-- Puts a wish into the ticket's record, or ends it when the record already holds a later one. Gives the number of the visit
-- that it wants now, if it wants one.
local function enter(wish, order)
  local record = read(wish.ticket)
  if record.order and order < tonumber(record.order) then
    finishChange(wish.id, 'superseded', { by = record.change, reason = 'a wish of a later order was there before it' })
    return nil
  end
  overtake(wish.ticket, order, wish.id)
  local key, isKnown = recordKey(wish.ticket), record.version ~= nil
  local leased = isKnown and redis.call('EXISTS', tag .. ':lease:' .. wish.ticket) == 1
  -- A wish whose call is under way keeps its own ending: the visit will tell whether it was applied.
  if record.open == '1' and not (leased and record.flight == record.change) then
    finishChange(record.change, 'superseded', { by = wish.id, reason = 'a newer wish for the ticket came' })
  end
  local dueAt, number = appointmentFor(wish, record, leased)
  local visit = number or record.visit
  redis.call('HSET', key, 'want', wish.status, 'change', wish.id, 'order', int(order),
    'account', wish.account, 'open', '1', 'acceptedAt', moment, 'deadlineAt', int(now + tonumber(wish.deadlineMs)),
    'attempts', '0', 'class', wish.class, 'rule', wish.rule, 'from', wish.from,
    'version', int(tonumber(record.version or 0) + 1), 'visit', visit)
  if isKnown then
    redis.call('PERSIST', key)
  end
  if number then
    redis.call('ZADD', tag .. ':dirty', int(dueAt), wish.ticket)
  end
  return dueAt and dueAt <= now and visit or nil
end

-- The visits that the open ones of these changes (ids, spaced) want now, flat: ticket, account, visit number, class.
-- Also for changes of an event seen before: a redelivery finishes what a crash left undone.
local function kicksFor(changes)
  local kicks, told = {}, {}
  for id in string.gmatch(changes, '%S+') do
    local change = redis.call('HMGET', tag .. ':change:' .. id, 'ticket', 'verdict')
    if change[1] and not change[2] and not told[change[1]] then
      local due = redis.call('ZSCORE', tag .. ':dirty', change[1])
      if due and tonumber(due) <= now then
        told[change[1]] = true
        local record = redis.call('HMGET', recordKey(change[1]), 'account', 'visit', 'class')
        for _, part in ipairs({ change[1], record[1], record[2], record[3] }) do
          kicks[#kicks + 1] = part
        end
      end
    end
  end
  return kicks
end
