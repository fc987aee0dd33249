-- SPDX-License-Identifier: MIT
--- The calls of a client that wait for an access token.

local core = require "partnercenter.core"

---@class partnercenter.Parked
---@field package client partnercenter.Client
---@field package calls userdata[] some may have ended meanwhile
---@field package failures table<userdata, partnercenter.Error|false> why some of them got no token, until they are told
local Parked = {}
Parked.__index = Parked

local OUT_OF_MEMORY = core.error { -- made while there is some
  category = "unavailable", message = "memory ran out when the access token had come for which the call waited",
}

function Parked:add(call)
  self.failures[call] = false -- room for why it got none
  self.client.core:park(call)
  self.calls[#self.calls + 1] = call
end

--- Those that wait now. Who comes later is not among them.
---@return userdata[] calls
function Parked:take()
  local calls = self.calls
  self.calls = {}
  return calls
end

--- The ids of those that still wait.
---@param calls userdata[]
---@return integer[]
function Parked:ids_of(calls)
  local handle, ids = self.client.core, {}
  for _, call in ipairs(calls) do
    if handle:state(call) ~= "done" then
      ids[#ids + 1] = handle:id(call)
    end
  end
  return ids
end

--- Lets calls go on, or ends them with the error. One that has ended meanwhile, at its deadline, may have been
--- collected, too.
---@param calls userdata[]
---@param err? partnercenter.Error
function Parked:release(calls, err)
  local handle = self.client.core
  for _, call in ipairs(calls) do
    local waits = handle:state(call) ~= "done"
    if waits and err then
      self.failures[call] = err
      handle:cancel(call)
    elseif waits and handle:is_open() then
      handle:submit(call)
    end
  end
end

--- Ends calls without memory.
local function abandon(parked, calls)
  local handle = parked.client.core
  for _, call in ipairs(calls) do
    if parked.failures[call] == false then
      parked.failures[call] = OUT_OF_MEMORY
    end
    pcall(handle.cancel, handle, call) -- one that was collected cannot be
  end
end

--- Runs a step of what lets calls go on. Where it raises, as it does when memory runs out, they end: nobody else would
--- end them before their deadlines.
---@param calls userdata[]
---@param step function
function Parked:guard(calls, step, ...)
  local ok, raised = pcall(step, ...)
  if not ok then
    abandon(self, calls)
    error(raised, 0)
  end
end

--- Why the call got no token, once; nil where it got one.
---@return partnercenter.Error?
function Parked:take_failure(call)
  local err = self.failures[call]
  self.failures[call] = nil
  if not err then
    return nil
  end
  local copy = {}
  for name, value in pairs(err) do
    copy[name] = value
  end
  return core.error(copy)
end

local M = {}

---@param client partnercenter.Client
---@return partnercenter.Parked
function M.new(client)
  return setmetatable({ client = client, calls = {}, failures = setmetatable({}, { __mode = "k" }) }, Parked)
end

return M
