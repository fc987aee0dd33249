-- SPDX-License-Identifier: MIT
--- With which status the command ends.

local M = {}

M.DONE, M.FAILED, M.USAGE, M.CREDENTIALS, M.INTERRUPTED = 0, 1, 2, 3, 130

--- The status of an error of the library's.
---@param err partnercenter.Error
---@return integer
function M.of(err)
  if err.category == "unauthorized" then
    return M.CREDENTIALS
  elseif err.category == "bad_input" and err.attempts == 0 then -- what was typed cannot be sent
    return M.USAGE
  end
  return M.FAILED
end

return M
