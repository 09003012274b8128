-- History that is too old, or too much, goes: the oldest entries with the events and changes they are about, a few at a time.
-- KEYS[1]  the hash tag
-- ARGV     1 kept ms · 2 most entries kept · 3 how many entries at most in this step
-- Answer   how many entries went
-- Invariant: a change without a verdict is kept whatever its age; an entry goes no later than what it is about
local ledger = tag .. ':ledger'
local oldest = now - tonumber(ARGV[1])
local tooMany = redis.call('XLEN', ledger) - tonumber(ARGV[2])
local gone = 0
for _, entry in ipairs(redis.call('XRANGE', ledger, '-', '+', 'COUNT', ARGV[3])) do
  local at = tonumber(string.match(entry[1], '^(%d+)'))
  if at >= oldest and gone >= tooMany then
    break
  end
  local about = {}
  for i = 1, #entry[2], 2 do
    about[entry[2][i]] = entry[2][i + 1]
  end
  if about.kind == 'event' and about.event then
    redis.call('UNLINK', tag .. ':event:' .. about.event, tag .. ':body:' .. about.event)
  elseif about.kind == 'verdict' and about.change then
    redis.call('UNLINK', tag .. ':change:' .. about.change, tag .. ':ledger:change:' .. about.change)
    redis.call('ZREM', tag .. ':failed', about.change)
    redis.call('ZREM', tag .. ':held', about.change)
  end
  redis.call('XDEL', ledger, entry[1])
  gone = gone + 1
end
return gone
