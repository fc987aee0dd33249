-- SPDX-License-Identifier: MIT
--- Runs the programs of the benchmark and says what they took.

local files = require "tests.support.files"

local M = {}

local CLIENT_CPU = 1 -- the server has the other

---@return table took `cpu` and `wall` in microseconds, `resident` in KiB
local function run(command)
  local output = files.output_of(("build/bench/cost %d %s; echo status $?"):format(CLIENT_CPU, command))
  local cpu, wall, resident, status = output:match "(%d+) (%d+) (%d+)\nstatus (%d+)"
  assert(status == "0", command .. " failed")
  return { cpu = tonumber(cpu), wall = tonumber(wall), resident = tonumber(resident) }
end

--- What a call took, of something that grows with the calls.
local function for_a_call(field)
  return function(took, calls, case)
    local base = took(case.base)
    return (took(calls)[field] - base[field]) / (calls - case.base)
  end
end

M.QUANTITIES = {
  cpu = { unit = "us of CPU", of = for_a_call "cpu" },
  wall = { unit = "us", of = for_a_call "wall" },
  memory = { unit = "KiB", of = for_a_call "resident" },
  peak = { unit = "MiB", of = function(took, calls) return took(calls).resident / 1024 end },
  elapsed = { unit = "ms", of = function(took, calls) return took(calls).wall / 1000 end },
}

--- Measures a case once.
---@param case table `command`, `calls`, `base`, `at_once`, `url`, `ca_file`, `more` (arguments), `quantity`
---@return number
function M.once(case)
  return M.QUANTITIES[case.quantity].of(function(calls)
    return run(("%s %d %d %s %s%s"):format(case.command, calls, case.at_once, case.url, case.ca_file, case.more))
  end, case.calls, case)
end

--- A quantile of an array of numbers.
function M.quantile(values, share)
  local sorted = { table.unpack(values) }
  table.sort(sorted)
  local place = 1 + share * (#sorted - 1)
  local below = sorted[math.floor(place)]
  return below + (sorted[math.ceil(place)] - below) * (place % 1)
end

return M
