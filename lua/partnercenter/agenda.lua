-- SPDX-License-Identifier: MIT
--- Things to do at certain times: a heap with what is due first on top.

local M = {}

---@class partnercenter.Agenda
---@field count integer
local Agenda = {}
Agenda.__index = Agenda

--- Adds an entry that is due at `entry.due`.
function Agenda:add(entry)
  local place = self.count + 1
  self.count = place
  while place > 1 and self[math.floor(place / 2)].due > entry.due do
    self[place] = self[math.floor(place / 2)]
    place = math.floor(place / 2)
  end
  self[place] = entry
end

--- When the first entry is due; never where there is none.
---@return number
function Agenda:next_due()
  return self[1] and self[1].due or math.huge
end

--- Takes the first entry out.
function Agenda:take()
  local first, last, place = self[1], self[self.count], 1
  self[self.count] = nil
  self.count = self.count - 1
  while self.count > 0 do
    local child = place * 2
    if child < self.count and self[child + 1].due < self[child].due then
      child = child + 1
    end
    if child > self.count or self[child].due >= last.due then
      self[place] = last
      break
    end
    self[place] = self[child]
    place = child
  end
  return first
end

---@return partnercenter.Agenda
function M.new()
  return setmetatable({ count = 0 }, Agenda)
end

return M
