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
---@field package is_iterator boolean
---@field package raised partnercenter.Error? what it raised, or why it ended, when that is not told yet
---@field package item table? that is being read
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

--- It has no further item: for a reason, where it has not come to its end.
local function finish(self, reason)
  if reason == nil then
    self.is_exhausted = true
    return
  end
  self.raised = self.client.core:error {
    category = "callback",
    message = "the source function returned no item: " .. callback.text_of(reason),
    cause = reason,
  }
end

--- Reads items until there are so many in all, for as long as that may take, or until something raises.
local function read_items(self, units, malformed, most, ends)
  repeat
    local value, reason = self.next()
    if value == nil or value == false and self.is_iterator then
      return finish(self, reason)
    end
    self.count = self.count + 1
    self.item = value
    local unit, err = item.read(self.client.core, value, self.count)
    self.item = nil
    if unit then
      units[#units + 1] = unit
    else
      malformed[#malformed + 1] = { item = value, err = err }
    end
  until #units + #malformed >= most or core.now() > ends
end

--- Takes what was raised: by an item, or by the source itself.
local function catch(self, malformed, raised)
  if self.item == nil then
    self.raised = callback.error(self.client.core, "source", raised)
    return
  end
  malformed[#malformed + 1] = { item = self.item, err = item.unreadable(self.count, raised) }
  self.item = nil
end

--- Reads up to so many items; fewer where that takes long.
---@param most integer
---@return partnercenter.Unit[] units
---@return table[] malformed each `{ item, err }`
---@return partnercenter.Error? err what the source raised, once the units ahead of it were returned
function Source:read(most)
  local units, malformed, ends = {}, {}, core.now() + LONGEST_READ
  while not self.raised and #units + #malformed < most and core.now() <= ends do
    local ok, raised = callback.run(self.client, read_items, self, units, malformed, most, ends)
    if ok then
      break
    end
    catch(self, malformed, raised)
  end
  if self.raised and #units == 0 then
    self.is_exhausted = true
    return units, malformed, self.raised
  end
  return units, malformed
end

--- The first place of an array that is empty, though a later one is not; nil where there is none.
local function hole_of(items)
  local last, position = 0, 1
  for place in pairs(items) do
    last = type(place) == "number" and math.max(last, place) or last
  end
  while position <= last and items[position] ~= nil do
    position = position + 1
  end
  return position <= last and position or nil
end

--- What is wrong with a source; nil where it can be read. One item that is given in the place of an array would be
--- no items at all, and what is behind a hole would be left out.
---@return string?
function M.mistake(items)
  if type(items) ~= "table" and type(items) ~= "function" then
    return "table or function expected, got " .. type(items)
  elseif type(items) == "function" or getmetatable(items) then
    return nil
  elseif items[1] == nil and next(items) ~= nil then
    return "array of items expected, got a table without its first"
  end
  local hole = hole_of(items)
  return hole and ("array of items expected, got one without its item %d"):format(hole)
end

---@param client partnercenter.Client
---@param items table|function
---@return partnercenter.Source
function M.new(client, items)
  return setmetatable({
    client = client,
    next = iterator_of(items),
    is_iterator = type(items) == "function",
    total = type(items) == "table" and not getmetatable(items) and #items or nil, -- else only its end tells
    count = 0,
    is_exhausted = false,
  }, Source)
end

return M
