-- SPDX-License-Identifier: MIT
--- The ledger of a run, which knows what has happened to which item: the run's memory, or its journal.

local core = require "partnercenter.core"
local memory = require "partnercenter.bulk.memory"
local nginx = require "partnercenter.host".nginx

local M = {}

--- Opens the one that the options ask for.
---@param values table the options, checked
---@param new_wait fun(unit: partnercenter.Unit): partnercenter.Wait
---@return partnercenter.Memory|partnercenter.Journal|nil
---@return partnercenter.Error? err
function M.open(values, new_wait)
  if not values.journal then
    return memory.new()
  elseif nginx then
    return nil, core.error {
      category = "unavailable",
      message = "a journal would block the nginx worker: outside nginx the command `partnercenter bulk` keeps one",
    }
  end
  local parts = require "partnercenter.parts" -- here: in nginx those load us
  return parts.journal.open(values.journal, values.wait, new_wait)
end

return M
