-- SPDX-License-Identifier: MIT
--- `partnercenter get`: a customer's qualifications.

local call = require "partnercenter.command.call"

local M = {}

M.COLUMNS = {
  { title = "QUALIFICATION", name = "qualification", is_whole = true },
  { title = "STATUS", name = "vettingStatus", is_whole = true },
  { title = "SINCE", name = "vettingCreateDate", is_whole = true },
  { title = "REASON", name = "vettingReason", is_broken = true },
}

---@param values table
---@param out partnercenter.Output
---@return integer status
function M.run(values, out)
  return call.list(out, M.COLUMNS, "get_qualifications", "The customer has no qualification.", values.customer)
end

return M
