-- SPDX-License-Identifier: MIT
--- Tells the script what happens to its calls, for logs and metrics.

local callback = require "partnercenter.callback"

local M = {}

---@class partnercenter.Events
---@field package on_event fun(event: table)
---@field package errors table<integer, any> what the function raised, by the id of the call it was told of
local Events = {}
Events.__index = Events

--- Tells of one event. What the function raises is kept for the `meta.event_error` of the calls that
--- it is about.
---@param client partnercenter.Client
---@param ids integer[]
---@param event table
function Events:tell(client, ids, event)
  local ok, raised = callback.run(client, self.on_event, event)
  for _, id in ipairs(ok and {} or ids) do
    if self.errors[id] == nil then
      self.errors[id] = raised == nil and "nil" or raised
    end
  end
end

--- Tells of a list of id, event, id, event ...
function Events:deliver(client, list)
  for i = 1, #list, 2 do
    self:tell(client, { list[i] }, list[i + 1])
  end
end

--- What it raised when it was told of a request for a token belongs to the calls that wait for it.
---@param id integer
---@param ids integer[]
function Events:hand_on_error(id, ids)
  local raised = self:take_error(id)
  for _, waiting in ipairs(raised ~= nil and ids or {}) do
    self.errors[waiting] = self.errors[waiting] or raised
  end
end

--- What the function raised when it was told of this call; nil when it did not.
function Events:take_error(id)
  local raised = self.errors[id]
  self.errors[id] = nil
  return raised
end

---@param on_event fun(event: table)
---@return partnercenter.Events
function M.new(on_event)
  return setmetatable({ on_event = on_event, errors = {} }, Events)
end

return M
