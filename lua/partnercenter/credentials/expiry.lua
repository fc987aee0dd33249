-- SPDX-License-Identifier: MIT
--- When a token has to be renewed.

local M = {}

--- The longest time before its expiry that a token is renewed, in seconds; a token that lives
--- shorter than ten times as long is renewed when a tenth of its life is left.
local RENEW_BEFORE = 60

--- How long a token is used that has so many seconds left.
---@param seconds number
---@return number seconds
function M.usable(seconds)
  return seconds - math.min(RENEW_BEFORE, seconds / 10)
end

return M
