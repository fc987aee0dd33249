-- SPDX-License-Identifier: MIT
--- What a run without a journal remembers: the items in vetting, and nothing else.

local agenda = require "partnercenter.agenda"
local core = require "partnercenter.core"

local M = {}

---@class partnercenter.Memory
local Memory = {}
Memory.__index = Memory

--- Takes items into the run.
---@param units partnercenter.Unit[]
---@return partnercenter.Unit[] units the ones to do
---@return integer skipped
function Memory.admit(_, units)
  return units, 0
end

--- Whether an item that was taken is still this run's, when it is to be begun.
function Memory.holds()
  return true
end

--- What has become of an item, where it has ended.
function Memory.note() end

--- An item was updated, or polled: it is polled again at `due` (by core.now()).
---@param unit partnercenter.Unit
---@param wait partnercenter.Wait
function Memory:follow(unit, wait, due)
  self.agenda:add { due = due, unit = unit, wait = wait }
end

--- Takes an item that is to be polled now; nil when there is none.
---@return table? entry `{ unit, wait }`
function Memory:take_due()
  if self.agenda:next_due() <= core.now() then
    return self.agenda:take()
  end
end

--- When an item is to be polled next, by core.now(); never where none is followed.
---@return number
function Memory:next_due()
  return self.agenda:next_due()
end

--- When something is to get on a disk: never.
function Memory.next_sync()
  return math.huge
end

--- Items that another process has left behind: none.
function Memory.take_left_behind()
  return {}
end

--- The source has ended.
function Memory.end_source() end

--- Puts what is noted on the disk.
function Memory.sync() end

--- Whether everything has come to its end.
function Memory:is_finished()
  return self.agenda.count == 0
end

function Memory.close() end

---@return partnercenter.Memory
function M.new()
  return setmetatable({ agenda = agenda.new() }, Memory)
end

return M
