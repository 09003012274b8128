-- Adds what one process has counted to the sums of the whole installation. Stands behind once.lua.
-- KEYS[1]  the hash tag
-- ARGV     1 writer · 2 number of its batch · 3… field and what is added to it, in turn
-- Answer   1
-- Invariant: a sum is what all batches that were taken in have added to it, each once, and what scripts counted themselves
for i = 3, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1] .. ':metrics', ARGV[i], ARGV[i + 1])
end
return 1
