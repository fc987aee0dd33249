-- SPDX-License-Identifier: MIT
--- A run as CSV: a line for each customer.

local csv = require "partnercenter.command.csv"

local M = {}

local COLUMNS = {
  "line", "customer_id", "qualification", "state", "vettingStatus", "reason", "category", "status", "code", "advice",
  "website", "request_id", "attempts", "changed",
}

---@param run partnercenter.RunReport
---@param out partnercenter.Output
function M.print(run, out)
  out:line(csv.record(COLUMNS, #COLUMNS))
  for customer in run:customers() do
    local values = {}
    for i, name in ipairs(COLUMNS) do
      values[i] = customer[name]
    end
    if not out:line(csv.record(values, #COLUMNS)) then
      break
    end
  end
end

return M
