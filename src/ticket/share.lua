-- Library, put before every script that tells the pace of an account: how the share of it comes back after a 429 (hold.lua)
-- or a time in which the account was shut (gate.lua).
-- KEYS, ARGV  none of its own
-- Answer   none: it defines `grownShare`
-- Invariant: a share grows by 5 % of the full pace a second, up to the whole; it never shrinks by itself
local function grownShare(share, writtenAt, at)
  share = tonumber(share or 1)
  if share >= 1 then
    return share
  end
  return math.min(1, share + 0.05 * math.max(0, at - tonumber(writtenAt)) / 1000)
end
