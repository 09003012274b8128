-- Library of the clock's scripts, put after ledger.lua: the keys of a rule's run, and who holds it.
-- KEYS[1]  the hash tag
-- ARGV     1 the rule, in every script; 2 the token of whoever runs it, where the script says so
-- Answer   none: it defines `rule`, `token`, `runKey`, `leaseKey`, `capKey`, `runs` and `holds`
-- Invariant: a run is moved on only by the holder of its lease
local rule, token = ARGV[1], ARGV[2]
local runKey = tag .. ':run:' .. rule
local leaseKey, capKey, runs = runKey .. ':lease', runKey .. ':cap', tag .. ':runs'

local function holds()
  return redis.call('GET', leaseKey) == token
end
