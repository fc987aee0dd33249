-- SPDX-License-Identifier: MIT
--- `partnercenter codes`: the validation codes.

local call = require "partnercenter.command.call"

local M = {}

local COLUMNS = {
  { title = "CODE", name = "validationId", is_whole = true },
  { title = "ORGANIZATION", name = "organizationName" },
  { title = "LEFT", name = "remainingCreates", is_number = true },
  { title = "OF", name = "maxCreates", is_number = true },
}

---@param out partnercenter.Output
---@return integer status
function M.run(_, out)
  return call.list(out, COLUMNS, "get_validation_codes", "There are no validation codes.")
end

return M
