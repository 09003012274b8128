-- The commit point: stores events that came together, each with all its wishes or not at all. Its confirmed answer is what a
-- 202 means.
-- KEYS[1]  the hash tag
-- ARGV     one event after another, of each:
--          1 event id proposed · 2 what names the delivery (`source:digest`) · 3 for how long ms · 4 what its proven bytes are
--          recognised by under another name, or '' · 5 for how long ms · 6 digest of the content · 7 keep the body ms (0: not
--          at all) · 8 the event's own time ms or '' · 9 headers JSON · 10 raw body · 11 ledger data JSON (source, type,
--          decisions) · 12 how many outcomes, then for each of them thirteen:
--          change id · ticket, or `link:KEY` · status · account · rule · kind (link, cancel, wish, dry-run, shadowed, held)
--          · reason · by (the rule that shadows; for link: the key) · deadline ms from now · class (live, clock)
--          · wait ms · guard (statuses, spaced, or '') · its own order ms or ''
-- Answer   for each event: {fresh: '1', '0' seen before, 'conflict' same name with other content; event id; change ids,
--          spaced; the stream and the id of the event's entry in it; then for each ticket to be visited: ticket, account,
--          visit number, class}, or the error that kept it, and only it, from being stored
-- Invariant: an event is accepted once; of two wishes for one ticket the one with the later order (the event's own time,
--          else arrival) is the record's; every accepted wish is open or has a verdict
local HEAD, WIDTH = 12, 13
local LINK_KEPT_MS = 400 * 24 * 60 * 60 * 1000
local eventKey = tag .. ':event:'
local acceptedOf = {} -- how many changes, by account

-- The answer, flat; `unpack` would break over an event that wishes for thousands of tickets.
local function told(answer, visits)
  for _, part in ipairs(visits) do
    answer[#answer + 1] = part
  end
  return answer
end

-- What was stored before, told again with the visits that are still wanted.
local function again(fresh, id)
  local event = redis.call('GET', eventKey .. id) or ''
  local stream, entry, changes = string.match(event, '^(%S+) (%S+) ?(.*)$')
  return told({ fresh, id, changes or '', stream or '', entry or '' }, kicksFor(changes or ''))
end

-- Lets a wish wait for its time, unless a later one is there already.
local function wait(wish, order)
  local last = tonumber(redis.call('HGET', recordKey(wish.ticket), 'order') or 0)
  local by = redis.call('HGET', recordKey(wish.ticket), 'change')
  for _, id in ipairs(waitsOf(wish.ticket)) do
    local other = tonumber(redis.call('HGET', tag .. ':change:' .. id, 'order'))
    if other > last then
      last, by = other, id
    end
  end
  if order < last then
    finishChange(wish.id, 'superseded', { by = by, reason = 'a wish of a later order was there before it' })
    return
  end
  overtake(wish.ticket, order, wish.id)
  local dueAt = int(now + wish.waitMs)
  redis.call('ZADD', tag .. ':waiting', dueAt, wish.id)
  redis.call('SADD', tag .. ':waits:' .. wish.ticket, wish.id)
  isAnyWaiting = true
  redis.call('HSET', tag .. ':change:' .. wish.id, 'dueAt', dueAt, 'deadlineMs', int(wish.deadlineMs), 'from', wish.from)
end

-- An event that ends the waits of one rule for one ticket.
local function cancel(wish, order, eventId)
  for _, id in ipairs(waitsOf(wish.ticket)) do
    local other = redis.call('HMGET', tag .. ':change:' .. id, 'rule', 'order')
    if other[1] == wish.rule and tonumber(other[2]) <= order then
      finishChange(id, 'cancelled', { by = eventId, reason = wish.reason })
    end
  end
end

-- Writes the change down. Why it was wanted, and when, stands in its entry.
local function store(wish, order, eventId)
  local entry = append('change', {
    event = eventId, change = wish.id, ticket = wish.ticket, rule = wish.rule, account = wish.account,
  }, cjson.encode({ status = wish.status, reason = wish.reason, order = order }))
  redis.call('HSET', tag .. ':change:' .. wish.id, 'ticket', wish.ticket, 'status', wish.status, 'account', wish.account,
    'event', eventId, 'rule', wish.rule, 'order', int(order), 'class', wish.class, 'entry', entry)
  redis.call('ZADD', tag .. ':open', int(now + wish.waitMs), wish.id)
  acceptedOf[wish.account] = (acceptedOf[wish.account] or 0) + 1
  index(wish.ticket, wish.id)
end

-- Gives true when the outcome is a change. What it wants visited is added to `visits`, flat; `visited` tells where a ticket
-- stands in them.
local function take(wish, order, eventId, visits, visited)
  if wish.kind == 'link' then
    redis.call('SET', tag .. ':link:' .. wish.by, wish.ticket, 'PX', LINK_KEPT_MS)
    append('link', { event = eventId, ticket = wish.ticket, rule = wish.rule }, cjson.encode({ key = wish.by }))
    return false
  end
  local key = string.match(wish.ticket, '^link:(.+)$')
  if key then
    local ticket = redis.call('GET', tag .. ':link:' .. key)
    if not ticket then
      append('unlinked', { event = eventId, rule = wish.rule }, cjson.encode({ key = key }))
      return false
    end
    redis.call('PEXPIRE', tag .. ':link:' .. key, LINK_KEPT_MS)
    wish.ticket = ticket
  end
  if wish.kind == 'cancel' then
    cancel(wish, order, eventId)
    return false
  end
  store(wish, order, eventId)
  if wish.kind == 'shadowed' then
    finishChange(wish.id, 'shadowed', { by = wish.by, reason = wish.reason })
  elseif wish.kind == 'held' then
    finishChange(wish.id, 'held', { reason = 'over the cap of its rule; an operator releases or drops it' })
  elseif wish.kind == 'dry-run' then
    finishChange(wish.id, 'dry-run', { reason = 'the rule says dryRun: nothing is sent' })
  elseif wish.waitMs > 0 then
    wait(wish, order)
  else
    local number = enter(wish, order)
    if number then -- a later wish of the same event may go through another account
      local at = visited[wish.ticket] or #visits
      visited[wish.ticket] = at
      visits[at + 1], visits[at + 2], visits[at + 3], visits[at + 4] =
        wish.ticket, wish.account, number, wish.class
    end
  end
  return true
end

-- The outcome whose arguments begin behind `at`, and its order; `arrival` where it has none of its own.
local function readWish(at, arrival)
  local id, ticket, status, account, rule, kind, reason, by, deadlineMs, class, waitMs, from, order =
    unpack(ARGV, at + 1, at + WIDTH)
  return {
    id = id, ticket = ticket, status = status, account = account, rule = rule, kind = kind, reason = reason, by = by,
    deadlineMs = tonumber(deadlineMs), class = class, waitMs = tonumber(waitMs), from = from,
  }, order ~= '' and tonumber(order) or arrival
end

local marked -- the marks that were set for the event at hand: what breaks is not to be recognised by them

-- What a mark says that is there already; nothing when it stands from now on.
local function mark(name, said, windowMs)
  local key = tag .. ':seen:' .. name
  if not redis.call('SET', key, said, 'PX', windowMs, 'NX') then
    return redis.call('GET', key)
  end
  marked[#marked + 1] = key
end

-- What was said of a delivery when it came before, by its name or by its proven bytes; nothing for a new one.
local function recognise(said, delivery, windowMs, replay, replayMs)
  local before = mark(delivery, said, windowMs)
  if replay == '' then
    return before
  end
  local replayed = mark(replay, before or said, replayMs)
  if replayed and not before then
    redis.call('DEL', tag .. ':seen:' .. delivery) -- that name stays free, for a delivery of its own
  end
  return before or replayed
end

-- Accepts the event whose arguments begin behind `at`.
local function accept(at)
  local eventId, delivery, windowMs, replay, replayMs, digest, keepMs, ownAt, headers, body, data, outcomes =
    unpack(ARGV, at + 1, at + HEAD)
  local seen = recognise(eventId .. ' ' .. digest, delivery, windowMs, replay, replayMs)
  if seen then
    local id, before = string.match(seen, '^(%S+) (%S*)$')
    if id == eventId then -- our own command, sent again by the client after a cut connection
      return again('1', id)
    end
    if before ~= digest then
      return { 'conflict', id, '', '', '' }
    end
    if redis.call('EXISTS', eventKey .. id) == 1 then
      redis.call('HINCRBY', tag .. ':duplicates:' .. id, 'count', 1)
      redis.call('HSET', tag .. ':duplicates:' .. id, 'lastAt', moment)
      redis.call('PEXPIRE', tag .. ':duplicates:' .. id, KEPT_MS)
    end
    return again('0', id)
  end

  if tonumber(keepMs) > 0 then
    redis.call('SET', tag .. ':body:' .. eventId, body, 'PX', keepMs)
  end
  -- An event that no rule wanted is kept too, in a ring of its own: however many come, they push out nothing that happened.
  local stream = tonumber(outcomes) > 0 and 'ledger' or 'unmatched'
  local entry = append('event', { event = eventId, headers = headers }, data, stream)

  local arrival = ownAt ~= '' and tonumber(ownAt) or now
  local changes, visits, visited = {}, {}, {}
  for i = 0, tonumber(outcomes) - 1 do
    local wish, order = readWish(at + HEAD + i * WIDTH, arrival)
    if take(wish, order, eventId, visits, visited) then
      changes[#changes + 1] = wish.id
    end
  end
  local changeList = table.concat(changes, ' ')
  redis.call('SET', eventKey .. eventId, stream .. ' ' .. entry .. ' ' .. changeList, 'PX', KEPT_MS)
  return told({ '1', eventId, changeList, stream, entry }, visits)
end

local answers, at = {}, 0
while at < #ARGV do
  marked = {}
  local ok, answer = pcall(accept, at)
  if not ok and #marked > 0 then -- it is taken anew when its sender repeats it
    redis.call('DEL', unpack(marked))
  end
  -- What is wrong with one event is no reason to turn away those that came with it. Redis raises texts or tables, by version.
  answers[#answers + 1] = (ok or type(answer) == 'table') and answer or { err = answer }
  at = at + HEAD + WIDTH * tonumber(ARGV[at + HEAD])
end
for account, count in pairs(acceptedOf) do
  tally(count, 'changesAccepted', account)
end
return answers
