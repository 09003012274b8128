-- Takes in what one process has turned away since its last batch: how many, and the latest ones. Stands behind once.lua.
-- KEYS[1]  the hash tag
-- ARGV     1 writer · 2 number of its batch · 3 kept ms · 4 how many are kept for a source
--          5 how many counts, then for each of them three: day (YYYY-MM-DD) · source and reason, spaced · how many
--          then for each source, to the end: source · how many, then for each of them two: at ms · JSON
-- Answer   1
-- Invariant: the total of a source and reason is the sum of all batches that were taken in, each counted once
local DAY_MS = 24 * 60 * 60 * 1000
local rejected = KEYS[1] .. ':rejected'
local keptMs, most = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local oldest = string.format('(%.0f', time[1] * 1000 - keptMs)
local place = 6

for _ = 1, tonumber(ARGV[5]) do
  local day, field, number = rejected .. ':' .. ARGV[place], ARGV[place + 1], ARGV[place + 2]
  redis.call('HINCRBY', rejected, field, number)
  redis.call('HINCRBY', day, field, number)
  redis.call('PEXPIRE', day, keptMs + DAY_MS)
  place = place + 3
end

while place <= #ARGV do
  local key, last = rejected .. ':last:' .. ARGV[place], place + 1 + 2 * tonumber(ARGV[place + 1])
  redis.call('ZADD', key, unpack(ARGV, place + 2, last))
  redis.call('ZREMRANGEBYSCORE', key, '-inf', oldest)
  redis.call('ZREMRANGEBYRANK', key, 0, -most - 1)
  redis.call('PEXPIRE', key, keptMs)
  place = last + 1
end
return 1
