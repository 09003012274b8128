-- Library, put before a script that takes in what a process has gathered (batches.ts): each batch gets through once.
-- KEYS[1]  the hash tag
-- ARGV     1 writer · 2 number of its batch, from 1; the script's own follow from 3 on
-- Answer   0 where this batch or a later one of the writer was taken in before; else what the script answers
-- Invariant: what follows runs at most once for a writer and number, however often and late it is sent
do
  -- Longer than anything the scripts behind it keep, so that a batch of a writer that was cut off that long counts in nothing else.
  local KEPT_MS = 8 * 24 * 60 * 60 * 1000
  local mark = KEYS[1] .. ':batch:' .. ARGV[1]
  if tonumber(ARGV[2]) <= tonumber(redis.call('GET', mark) or 0) then
    return 0
  end
  -- Written first: a Redis that is out of memory refuses the first write, and then nothing was done.
  redis.call('SET', mark, ARGV[2], 'PX', KEPT_MS)
end
