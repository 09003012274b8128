-- Reads, at one moment, how things stand and all that was counted. Stands behind ledger.lua and share.lua.
-- KEYS[1]  the hash tag
-- ARGV     the accounts
-- Answer   {changes open · waiting · failed · held · tickets dirty · entries of the ledger · of the ring of events that led
--          to nothing · ms for which the oldest open change has been due; then for each account three: share of the pace in
--          force, ms left of its hold, why it is shut or ''; then each sum: its name as src/metrics/field.ts reads it, its value}
-- Invariant: nothing is written; in every answer the changes accepted are those with a verdict and those open
local answer = {}
for _, name in ipairs({ 'open', 'waiting', 'failed', 'held', 'dirty' }) do
  answer[#answer + 1] = int(redis.call('ZCARD', tag .. ':' .. name))
end
for _, name in ipairs({ 'ledger', 'unmatched' }) do
  answer[#answer + 1] = int(redis.call('XLEN', tag .. ':' .. name))
end
local oldest = redis.call('ZRANGE', tag .. ':open', 0, 0, 'WITHSCORES')
answer[#answer + 1] = oldest[2] and int(math.max(0, now - tonumber(oldest[2]))) or '0'

for _, account in ipairs(ARGV) do
  local known = redis.call('HMGET', tag .. ':pace:' .. account, 'share', 'shareAt', 'holdUntil', 'shut')
  -- What it has grown to is written down with the next slot only (pacer.lua).
  answer[#answer + 1] = string.format('%.6f', grownShare(known[1], known[2], now))
  answer[#answer + 1] = int(math.max(0, tonumber(known[3] or 0) - now))
  answer[#answer + 1] = known[4] or ''
end

local function tell(sums, prefix)
  for i = 1, #sums, 2 do
    answer[#answer + 1] = prefix .. string.gsub(sums[i], ' ', '|')
    answer[#answer + 1] = sums[i + 1]
  end
end
tell(redis.call('HGETALL', tag .. ':metrics'), '')
-- Counted where they are kept (src/ledger/rejections.lua), by `source reason`.
tell(redis.call('HGETALL', tag .. ':rejected'), 'rejections|')
return answer
