-- SPDX-License-Identifier: MIT
--- `partnercenter customers`: the customers. In a pipe they appear as their pages arrive; a table needs
--- all of them.

local call = require "partnercenter.command.call"
local output = require "partnercenter.command.output"
local signals = require "partnercenter.command.signals"
local status = require "partnercenter.command.status"

local M = {}

local COLUMNS = {
  { title = "CUSTOMER", name = "id", is_whole = true },
  { title = "COMPANY", name = "company" },
  { title = "DOMAIN", name = "domain" },
}

local function row_of(customer)
  local profile = type(customer.companyProfile) == "table" and customer.companyProfile or {}
  return { id = customer.id, company = profile.companyName, domain = profile.domain }
end

--- Goes through the customers; the rows for a table are collected.
---@return table[] rows
---@return partnercenter.Error? err
local function read(client, values, out)
  local rows, is_table = {}, out.columns and not out.is_json
  for customer, err in client:customers { filter = values.filter } do
    if not customer then
      return rows, err
    elseif is_table then
      rows[#rows + 1] = row_of(customer)
    elseif not out:row(COLUMNS, row_of(customer), customer) then
      break
    end
  end
  return rows
end

---@param values table
---@param out partnercenter.Output
---@return integer status
function M.run(values, out)
  return call.with_client(function(client)
    signals.arm()
    local rows, err = read(client, values, out)
    signals.disarm()
    out:rows(COLUMNS, rows)
    if out.columns and not out.is_json and not err then
      output.say(("%d in all"):format(#rows))
    end
    return err and call.fail(err) or status.DONE
  end)
end

return M
