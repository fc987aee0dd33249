-- SPDX-License-Identifier: MIT
--- Where the items of a run come from: an array, or an iterator.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local item = require "partnercenter.bulk.item"

local M = {}

--- After how long no further item is read, in seconds: calls are under way meanwhile.
local LONGEST_READ = 1

---@class partnercenter.Source
---@field total integer? how many items there are, where that is known
---@field count integer how many were read
---@field is_exhausted boolean there is no further one
---@field package raised partnercenter.Error? what it raised, when that is not told yet
local Source = {}
Source.__index = Source

--- An array as a function that returns its elements; an iterator is one.
local function iterator_of(items)
  if type(items) == "function" then
    return items
  end
  local position = 0
  return function()
    position = position + 1
    return items[position]
  end
end

--- Reads the next item; nil when there is none, or when the source raised.
local function next_item(self)
  if self.raised then
    return nil, self.raised
  end
  local ok, value = callback.run(self.client, self.next)
  if not ok then
    return nil, callback.error(self.client.core, "source", value)
  end
  return value
end

--- Reads up to so many items; fewer where that takes long.
---@param most integer
---@return partnercenter.Unit[] units
---@return table[] malformed each `{ item, err }`
---@return partnercenter.Error? err what the source raised
function Source:read(most)
  local units, malformed, begun = {}, {}, core.now()
  for i = 1, most do
    if i > 1 and core.now() > begun + LONGEST_READ then
      break
    end
    local value, raised = next_item(self)
    if raised and #units > 0 then -- which comes after the units
      self.raised = raised
      break
    elseif value == nil then
      self.is_exhausted = true
      return units, malformed, raised
    end
    self.count = self.count + 1
    local unit, err = item.read(value, self.count)
    if unit then
      units[#units + 1] = unit
    else
      malformed[#malformed + 1] = { item = value, err = err }
    end
  end
  return units, malformed
end

---@param client partnercenter.Client
---@param items table|function
---@return partnercenter.Source
function M.new(client, items)
  return setmetatable({
    client = client,
    next = iterator_of(items),
    total = type(items) == "table" and not getmetatable(items) and #items or nil, -- else only its end tells
    count = 0,
    is_exhausted = false,
  }, Source)
end

return M
