-- SPDX-License-Identifier: MIT
--- `partnercenter report`: what has become of a run.

local output = require "partnercenter.command.output"
local place = require "partnercenter.command.place"
local run_report = require "partnercenter.command.report.run"
local status = require "partnercenter.command.status"

local M = {}

--- By format: the module whose `print(run, out)` prints it.
local MODULES = { table = "text", csv = "csv", html = "page" }

---@param values table
---@param out partnercenter.Output
---@return integer status
function M.run(values, out)
  local problem = place.problem(values.journal)
  local run
  if not problem then
    run, problem = run_report.open(values.journal, values.run)
  end
  if not run then
    output.complain(problem)
    return status.USAGE
  end
  require("partnercenter.command.report." .. MODULES[values.format]).print(run, out)
  run:close()
  return status.DONE
end

return M
