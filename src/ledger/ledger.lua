-- Library, put before every script that writes history: the clock, and one way to append an entry.
-- KEYS[1]  the hash tag; every other key is built from it, so all of them live in one cluster slot
-- ARGV     none of its own
-- Answer   none: it defines `tag`, `now` (ms), `moment` (the same as text), `int`, `append` and `appendAttempt`
-- Invariant: an attempt is in the stream and in the index of its change, or in neither
local tag = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whole milliseconds as text; Lua's own rendering of a large number loses digits.
local function int(number)
  return string.format('%d', number)
end

-- The same as text: nearly all that is written down is of this moment.
local moment = int(now)

local ABOUT = { 'event', 'change', 'ticket', 'rule', 'account', 'verdict', 'headers' }

-- Appends one entry and gives its id; `about` holds any of ABOUT; `data` is JSON text. `stream` is the ledger, or the ring
-- of events that led to nothing.
local function append(kind, about, data, stream)
  local fields, last = { 'kind', kind }, 2
  for i = 1, #ABOUT do
    local value = about[ABOUT[i]]
    if value and value ~= '' then
      fields[last + 1], fields[last + 2] = ABOUT[i], value
      last = last + 2
    end
  end
  fields[last + 1], fields[last + 2] = 'data', data or '{}'
  return redis.call('XADD', tag .. ':' .. (stream or 'ledger'), '*', unpack(fields))
end

-- Appends an attempt, also to those of its change.
local function appendAttempt(about, data)
  local id = append('attempt', about, data)
  if about.change ~= '' then
    redis.call('RPUSH', tag .. ':attempts:' .. about.change, id)
  end
end
