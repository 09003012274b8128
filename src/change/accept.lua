-- The commit point: stores an event and all its wishes, or nothing. Its confirmed answer is what a 202 means.
-- KEYS[1]  the hash tag
-- ARGV     1 event id proposed · 2 what names the delivery (`source:digest`) · 3 dedupe window ms · 4 digest of the content
--          5 keep the body ms (0: not at all) · 6 source · 7 type · 8 the event's own time ms or '' · 9 headers JSON
--          10 raw body · 11 ledger data JSON (decisions) · 12 number of wishes, then for each of them ten:
--          change id · ticket · status · account · rule · kind (wish, dry-run, shadowed) · reason · by (the rule that shadows)
--          · deadline ms from now · class (live, clock)
-- Answer   {fresh: '1', '0' seen before, 'conflict' same name with other content; event id; change ids, spaced;
--          then for each ticket to be visited: ticket, account, visit number, class}
-- Invariant: an event is accepted once; of two wishes for one ticket the one with the later order (the event's own time,
--          else arrival) is the record's; every accepted wish is open or has a verdict
local eventId, delivery, windowMs, digest = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local seenKey = tag .. ':seen:' .. delivery
local eventKey = tag .. ':event:'

-- A visit may be wanted again for what is still open: a redelivery finishes what a crash left undone.
local function kicksFor(changes)
  local kicks, told = {}, {}
  for id in string.gmatch(changes, '%S+') do
    local change = redis.call('HMGET', tag .. ':change:' .. id, 'ticket', 'verdict')
    if change[1] and not change[2] and not told[change[1]] then
      local record = read(change[1])
      local due = redis.call('ZSCORE', tag .. ':dirty', change[1])
      if due and tonumber(due) <= now then
        told[change[1]] = true
        for _, part in ipairs({ change[1], record.account, record.visit, record.class }) do
          kicks[#kicks + 1] = part
        end
      end
    end
  end
  return kicks
end

local function answer(fresh, id, changes)
  local reply = { fresh, id, changes }
  for _, part in ipairs(kicksFor(changes)) do
    reply[#reply + 1] = part
  end
  return reply
end

local seen = redis.call('GET', seenKey)
if seen then
  local id, before = string.match(seen, '^(%S+) (%S*)$')
  local changes = redis.call('HGET', eventKey .. id, 'changes') or ''
  if id == eventId then -- our own command, sent again by the client after a cut connection
    return answer('1', id, changes)
  end
  if before ~= digest then
    return { 'conflict', id, changes }
  end
  if redis.call('EXISTS', eventKey .. id) == 1 then
    redis.call('HINCRBY', eventKey .. id, 'duplicates', 1)
  end
  return answer('0', id, changes)
end

-- Puts a wish into the ticket's record, or ends it when the record already holds a later one.
local function enter(wish, order)
  local record = read(wish.ticket)
  if record.order and order < tonumber(record.order) then
    finishChange(wish.id, 'superseded', { by = record.change, reason = 'a wish of a later order was there before it' })
    return
  end
  local leased = redis.call('EXISTS', tag .. ':lease:' .. wish.ticket) == 1
  -- A wish whose call is under way keeps its own ending: the visit will tell whether it was applied.
  if record.open == '1' and not (leased and record.flight == record.change) then
    finishChange(record.change, 'superseded', { by = wish.id, reason = 'a newer wish for the ticket came' })
  end
  redis.call('HSET', recordKey(wish.ticket), 'want', wish.status, 'change', wish.id, 'order', int(order),
    'account', wish.account, 'open', '1', 'acceptedAt', int(now), 'deadlineAt', int(now + wish.deadlineMs),
    'attempts', '0', 'class', wish.class, 'version', int(tonumber(record.version or 0) + 1))
  redis.call('PERSIST', recordKey(wish.ticket))
  if leased then
    return -- who holds the lease reads the newest wish before the call, and looks again after it
  end
  local dueAt = math.max(now, tonumber(record.unknownUntil or 0))
  local due = redis.call('ZSCORE', tag .. ':dirty', wish.ticket)
  -- An appointment made for a clock rule is queued behind every event's: an event's wish does not wait there.
  local isBehind = record.class == 'clock' and wish.class == 'live'
  if not due or tonumber(due) > dueAt or isBehind then
    arrange(wish.ticket, dueAt)
  end
end

local order = ARGV[8] ~= '' and tonumber(ARGV[8]) or now
local changes = {}
local count = tonumber(ARGV[12])
for i = 0, count - 1 do
  changes[i + 1] = ARGV[13 + i * 10]
end
local changeList = table.concat(changes, ' ')

redis.call('SET', seenKey, eventId .. ' ' .. digest, 'PX', windowMs)
redis.call('HSET', eventKey .. eventId, 'source', ARGV[6], 'type', ARGV[7], 'at', ARGV[8], 'receivedAt', int(now),
  'headers', ARGV[9], 'changes', changeList, 'delivery', delivery)
redis.call('PEXPIRE', eventKey .. eventId, KEPT_MS)
if tonumber(ARGV[5]) > 0 then
  redis.call('SET', tag .. ':body:' .. eventId, ARGV[10], 'PX', ARGV[5])
end
redis.call('HSET', eventKey .. eventId, 'entry', append('event', { event = eventId }, ARGV[11]))

for i = 0, count - 1 do
  local at = 13 + i * 10
  local wish = {
    id = ARGV[at], ticket = ARGV[at + 1], status = ARGV[at + 2], account = ARGV[at + 3], rule = ARGV[at + 4],
    kind = ARGV[at + 5], reason = ARGV[at + 6], by = ARGV[at + 7], deadlineMs = tonumber(ARGV[at + 8]),
    class = ARGV[at + 9],
  }
  redis.call('HSET', tag .. ':change:' .. wish.id, 'ticket', wish.ticket, 'status', wish.status, 'account', wish.account,
    'event', eventId, 'rule', wish.rule, 'order', int(order), 'acceptedAt', int(now), 'cause', wish.reason)
  redis.call('ZADD', tag .. ':open', int(now), wish.id)
  redis.call('RPUSH', tag .. ':changes:' .. wish.ticket, wish.id)
  redis.call('LTRIM', tag .. ':changes:' .. wish.ticket, -1000, -1)
  redis.call('PEXPIRE', tag .. ':changes:' .. wish.ticket, KEPT_MS)
  append('change', {
    event = eventId, change = wish.id, ticket = wish.ticket, rule = wish.rule, account = wish.account,
  }, cjson.encode({ status = wish.status, reason = wish.reason, order = order }))
  if wish.kind == 'wish' then
    enter(wish, order)
  elseif wish.kind == 'shadowed' then
    finishChange(wish.id, 'shadowed', { by = wish.by, reason = wish.reason })
  else
    finishChange(wish.id, 'dry-run', { reason = 'the rule says dryRun: nothing is sent' })
  end
end
return answer('1', eventId, changeList)
