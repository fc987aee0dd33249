-- SPDX-License-Identifier: MIT
--- A call for which no coroutine waits: a turn tells its owner of its end, who lets it go on. (In nginx only the
--- coroutine of a request can go on.)

local flight = require "partnercenter.flight"

local M = {}

---@class partnercenter.Launch
---@field client partnercenter.Client
---@field on_end fun(x, y, result: table?, err: partnercenter.Error?, meta: table) what the owner is to do with it
---@field x any
---@field y any
---@field next partnercenter.Launch|false the owner's
---@field call userdata the core's
---@field package owner table whose method `note_end` is told of its end, and must not need memory
---@field package err partnercenter.Error? why it was not sent
---@field package is_repeated boolean? it was sent once more
---@field is_cancelled boolean? it is not sent, or not once more
local Launch = {}
Launch.__index = Launch

--- The turn has found that it has ended.
function Launch:wake()
  return self.owner:note_end(self)
end

--- Lets it go on behind its end: it is sent once more where its token was refused.
---@return boolean has_ended
---@return table? result
---@return partnercenter.Error? err
---@return table? meta
function Launch:go_on()
  local client, call = self.client, self.call
  local sent, err = false, self.err or client.credentials:take_failure(call)
  if not err and not self.is_repeated then
    sent, err = flight.send_again(client, call)
  end
  if sent then
    self.is_repeated = true
    client.waiters[client.core:id(call)] = self
    if self.is_cancelled then
      client.core:cancel(call)
    end
    return false
  end
  return true, flight.conclude(client, call, err)
end

--- Ends it as cancelled.
function Launch:cancel()
  self.is_cancelled = true
  if self.client.core:is_open() then -- (a close has cancelled it)
    self.client.core:cancel(self.call)
  end
end

--- Begins it and sends it. Its deadline begins when it is first sent.
function Launch:begin()
  local client, call = self.client, self.call
  local id = flight.begin(client, call, true, true)
  local sent, err = flight.send(client, call, self)
  if sent then
    client.waiters[id] = self
  else
    self.err = err
    self.owner:note_end(self)
  end
end

--- Of a prepared call.
---@return partnercenter.Launch
function M.new(client, call, owner, on_end, x, y)
  return setmetatable({
    client = client, call = call, owner = owner, on_end = on_end, x = x, y = y, next = false,
  }, Launch)
end

return M
