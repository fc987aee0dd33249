-- SPDX-License-Identifier: MIT
--- Numbers as people read them.

local M = {}

--- So many of something.
---@param number integer
---@param noun string in the singular
---@param text string? the number as it is written
---@return string
function M.count(number, noun, text)
  return ("%s %s%s"):format(text or ("%.0f"):format(number), noun, number == 1 and "" or "s")
end

--- Seconds, in one line of a terminal.
---@return string
function M.duration(seconds)
  seconds = math.floor(seconds + 0.5)
  local hours, minutes = math.floor(seconds / 3600), math.floor(seconds / 60) % 60
  if hours >= 48 then
    return ("%d days"):format(math.floor(hours / 24 + 0.5))
  elseif hours > 0 then
    return ("%d:%02d:%02d"):format(hours, minutes, seconds % 60)
  end
  return ("%d:%02d"):format(minutes, seconds % 60)
end

return M
