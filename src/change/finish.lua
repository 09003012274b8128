-- A visit ends: the attempt goes into the ledger, the change gets its verdict if it has one, the ticket is given back, and
-- whatever is left to do has a due time.
-- KEYS[1]  the hash tag
-- ARGV     1 ticket · 2 token · 3 change the visit worked for · 4 its version
--          5 outcome: applied, ended, retry, release · 6 verdict for ended · 7 reason · 8 activity JSON or ''
--          9 '1' when the outcome of the call is unknown · 10 wait before the next visit ms · 11 settle ms
--          12 the status sent, or '' when no call could have changed anything · 13 when it was noted as under way
--          (Redis' clock ms), or '' · 14 `unknownUntil` as this visit read it, or '' · 15 the ticket's newest
--          status activity as this visit read it, or '' · 16… one attempt JSON each
-- Answer   {'lost' or 'ok', visit number or '' when nothing is left, wait ms}
-- Invariant: only the holder of the lease moves the record; a call that was made without it leaves an unknown outcome;
--          a ticket leaves `dirty` only when its newest wish has a verdict and no outcome is unknown
local ticket, token, change, version = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local outcome, verdict, reason, activity = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local isUnknown, waitMs, settleMs, sent = ARGV[9] == '1', tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[12]
local sentAt, unknownSeen, activitySeen = tonumber(ARGV[13]), ARGV[14], ARGV[15]
local leaseKey = tag .. ':lease:' .. ticket
local record = read(ticket)

if record.finished == token then -- our own command, sent again by the client after a cut connection
  return { 'ok', '', '0' }
end

local known = redis.call('HMGET', tag .. ':change:' .. change, 'event', 'rule', 'account')
for i = 16, #ARGV do
  appendAttempt({
    event = known[1], change = change, ticket = ticket, rule = known[2], account = known[3] or record.account,
  }, ARGV[i])
end

-- A lease that ran out while nobody else came is still ours: `owner` says so.
local holder = redis.call('GET', leaseKey)
if holder ~= token and (holder or record.owner ~= token) then
  if sent == '' then
    return { 'lost', '', '0' }
  end
  -- My call may have landed after a newer one: nobody knows until it has settled.
  local untilAt = markUnknown(ticket, record, sent, sentAt, settleMs)
  if outcome == 'applied' then
    finishChange(change, 'applied', { activity = activity, reason = reason })
    if record.change == change then
      redis.call('HSET', recordKey(ticket), 'open', '0')
    end
  end
  local number = ''
  if not holder then
    number = int(arrange(ticket, untilAt))
  end
  return { 'lost', number, int(untilAt - now) }
end

local isNewest = record.version == version
local key = recordKey(ticket)
-- Somebody without the lease may have marked an outcome unknown while this visit was at work: that stays, and so does one
-- that was read before it had settled.
local isSettled = (record.unknownUntil or '') == unknownSeen and tonumber(record.unknownUntil or 0) <= now

-- What has been seen and judged is known from now on: a later look asks only what came after it.
if activitySeen ~= '' then
  redis.call('HSET', key, 'lastActivity', activitySeen)
end
if outcome == 'applied' or outcome == 'ended' then
  if change ~= '' then
    finishChange(change, outcome == 'applied' and 'applied' or verdict, { reason = reason, activity = activity })
  end
  if isNewest then
    redis.call('HSET', key, 'open', '0')
    if outcome == 'ended' and verdict ~= '' and verdict ~= 'unchanged' then
      -- Nobody wants that status any more: it is not sent again to mend what an older call did.
      redis.call('HSET', key, 'deadlineAt', moment)
    end
  end
  if isSettled then
    redis.call('HDEL', key, 'unknownUntil', 'unknownSince', 'unknownStatuses')
    record.unknownUntil = nil
  end
  if outcome == 'applied' then
    if sent ~= '' or isNewest then
      redis.call('HSET', key, 'last', sent ~= '' and sent or record.want, 'applied', version)
    end
    if activity ~= '' then
      redis.call('HSET', key, 'lastActivity', cjson.decode(activity).id)
    end
  end
elseif outcome == 'retry' then
  redis.call('HINCRBY', key, 'attempts', 1)
  if isUnknown then
    markUnknown(ticket, record, sent, sentAt, settleMs)
  end
end
if record.change ~= change and (outcome == 'retry' or outcome == 'release') then
  finishChange(change, 'superseded', { by = record.change, reason = 'a newer wish came during its call' })
  redis.call('HSET', key, 'attempts', '0')
  waitMs = 0 -- the newer wish starts afresh
end

redis.call('HDEL', key, 'owner', 'flight', 'flightStatus', 'flightAt')
redis.call('HSET', key, 'finished', token)
redis.call('DEL', leaseKey)
local isOpen = redis.call('HGET', key, 'open') == '1'
if not isOpen and not record.unknownUntil then
  redis.call('ZREM', tag .. ':dirty', ticket)
  redis.call('PEXPIRE', key, KEPT_MS)
  return { 'ok', '', '0' }
end
local dueAt = math.max(now + waitMs, tonumber(record.unknownUntil or 0))
return { 'ok', int(arrange(ticket, dueAt)), int(dueAt - now) }
