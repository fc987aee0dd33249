-- SPDX-License-Identifier: MIT
--- Who works on a row: the name of a process, of a Lua state in it, and of a run.

local core = require "partnercenter.core"

local M = {}

local STATE = core.new_guid()

--- The runs of this Lua state that have not ended.
local running = {}

--- What the names of this state's runs begin with. (A process that forks is two.)
local function here()
  return core.process() .. " " .. STATE .. " "
end

--- A name for a run that begins.
---@return string
function M.begin()
  local name = here() .. core.new_guid()
  running[name] = true
  return name
end

--- The run has ended, whatever rows still have its name.
function M.finish(name)
  running[name] = nil
end

--- Whether a holder is known to be gone, be it that its hold has not run out.
---@param name string
function M.is_gone(name)
  local prefix = here()
  if name:sub(1, #prefix) == prefix then
    return not running[name]
  end
  return core.is_running(name) == false
end

return M
