-- Library, put before every script that writes history: the clock, and one way to append an entry.
-- KEYS[1]  the hash tag; every other key is built from it, so all of them live in one cluster slot
-- ARGV     none of its own
-- Answer   none: it defines `tag`, `now` (ms), `moment` (the same as text), `int` and `append`
-- Invariant: an entry of a change is in the stream and in that change's index, or in neither
local tag = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whole milliseconds as text; Lua's own rendering of a large number loses digits.
local function int(number)
  return string.format('%.0f', number)
end

-- The same as text: nearly all that is written down is of this moment.
local moment = int(now)

-- Appends one entry; `about` holds any of event, change, ticket, rule, account, verdict; `data` is JSON text. `stream` is
-- the ledger, or the ring of events that led to nothing.
local function append(kind, about, data, stream)
  local fields = { 'kind', kind }
  for _, name in ipairs({ 'event', 'change', 'ticket', 'rule', 'account', 'verdict' }) do
    local value = about[name]
    if value and value ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  fields[#fields + 1] = 'data'
  fields[#fields + 1] = data or '{}'
  local id = redis.call('XADD', tag .. ':' .. (stream or 'ledger'), '*', unpack(fields))
  if about.change and about.change ~= '' then
    redis.call('RPUSH', tag .. ':ledger:change:' .. about.change, id)
  end
  return id
end
