-- SPDX-License-Identifier: MIT
--- The command `partnercenter`: the library for people at a terminal, and for cron. Each subcommand is a
--- module with `run(values, out)`, which returns the exit status.

local arguments = require "partnercenter.command.arguments"
local core = require "partnercenter.core"
local output = require "partnercenter.command.output"
local status = require "partnercenter.command.status"

local M = {}

--- The arguments in a table of their own, when they are strings.
local function checked(list)
  if type(list) ~= "table" then
    error(("bad argument 'list' (array of strings expected, got %s)"):format(type(list)), 3)
  end
  local copy = {}
  while rawget(list, #copy + 1) ~= nil do
    local each = rawget(list, #copy + 1)
    if type(each) ~= "string" then
      error(("bad argument 'list' (array of strings expected, got a %s in it)"):format(type(each)), 3)
    end
    copy[#copy + 1] = each
  end
  return copy
end

--- Runs the command.
---@param list string[] the arguments
---@return integer status
function M.main(list)
  list = checked(list)
  core.open_standard_files()
  local values, problem = arguments.read(list)
  if not values then
    output.complain(problem)
    return status.USAGE
  end
  core.catch_signals()
  local out = output.new(values.json)
  local command = require("partnercenter.command." .. values.command)
  local ok, ended = pcall(command.run, values, out)
  if not ok then
    output.complain(ended)
    return core.caught_signal() and status.INTERRUPTED or status.FAILED
  end
  return out:finish(ended)
end

return M
