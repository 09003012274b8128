-- History that is too old, or too much, goes: the oldest entries with the events and changes they are about, a few at a time.
-- KEYS[1]  the hash tag
-- ARGV     1 kept ms · 2 most entries of the ledger · 3 most of the ring of events that led to nothing
--          · 4 how many entries of each at most in this step
-- Answer   how many entries went
-- Invariant: a change without a verdict is kept whatever its age; an entry goes no later than what it is about
local oldest = now - tonumber(ARGV[1])

local function retire(stream, most, atOnce)
  local tooMany = redis.call('XLEN', stream) - most
  local gone = 0
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', atOnce)) do
    local at = tonumber(string.match(entry[1], '^(%d+)'))
    if at >= oldest and gone >= tooMany then
      break
    end
    local about = {}
    for i = 1, #entry[2], 2 do
      about[entry[2][i]] = entry[2][i + 1]
    end
    if about.kind == 'event' and about.event then
      redis.call('UNLINK', tag .. ':event:' .. about.event, tag .. ':body:' .. about.event, tag .. ':duplicates:' .. about.event)
    elseif about.kind == 'verdict' and about.change then
      redis.call('UNLINK', tag .. ':change:' .. about.change, tag .. ':attempts:' .. about.change)
      redis.call('ZREM', tag .. ':failed', about.change)
      redis.call('ZREM', tag .. ':held', about.change)
    end
    redis.call('XDEL', stream, entry[1])
    gone = gone + 1
  end
  return gone
end

return retire(tag .. ':ledger', tonumber(ARGV[2]), ARGV[4]) + retire(tag .. ':unmatched', tonumber(ARGV[3]), ARGV[4])
