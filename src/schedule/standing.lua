-- Tells how tickets stand: whether some wish is open, and what became of the newest one of a rule. Reads only.
-- KEYS[1]  the hash tag
-- ARGV     1 rule · 2… the tickets
-- Answer   for each ticket four: '1' when a wish is open · verdict, status and acceptance ms of the rule's newest wish
--          ('' where there is none among the last ten, or where an operator has released or dropped it)
-- Invariant: nothing is written
local LAST = 10
local answer = {}

local function newest(ticket)
  local ids = redis.call('LRANGE', tag .. ':changes:' .. ticket, -LAST, -1)
  for i = #ids, 1, -1 do
    local change = redis.call('HMGET', tag .. ':change:' .. ids[i], 'rule', 'verdict', 'status', 'entry')
    if change[1] == rule then
      local verdict = change[2] or ''
      local list = verdict == 'held' and ':held' or (verdict == 'failed' or verdict == 'expired') and ':failed'
      if list and not redis.call('ZSCORE', tag .. list, ids[i]) then
        return {}
      end
      return { verdict, change[3], string.match(change[4], '^%d+') }
    end
  end
  return {}
end

for i = 2, #ARGV do
  local change = newest(ARGV[i])
  answer[#answer + 1] = redis.call('HGET', tag .. ':ticket:' .. ARGV[i], 'open') == '1' and '1' or ''
  for field = 1, 3 do
    answer[#answer + 1] = change[field] or ''
  end
end
return answer
