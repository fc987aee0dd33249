-- SPDX-License-Identifier: MIT
--- A call for which no coroutine waits: a turn tells its owner of its end, and the owner finishes it. It takes the steps
--- of flight.lua. (Not in nginx, where a call needs the coroutine of a request.)

local flight = require "partnercenter.flight"

local M = {}

---@class partnercenter.Launch
---@field on_end fun(x, y, result: table?, err: partnercenter.Error?, meta: table) what the owner is to do with it
---@field x any
---@field y any
---@field next partnercenter.Launch|false the owner's
---@field call userdata the core's
---@field package owner partnercenter.Group
---@field package err partnercenter.Error|false why it was not sent
---@field package is_final boolean it is not sent once more
local Launch = {}
Launch.__index = Launch

--- The turn has found that it has ended.
function Launch:wake()
  return self.owner:note_end(self)
end

--- What is to be done once it has ended: it is sent once more where its token was refused, or else has its result.
---@return boolean has_ended false where it was sent once more
---@return table? result
---@return partnercenter.Error? err
---@return table? meta
function Launch:finish()
  local client, call = self.owner.client, self.call
  local sent, err = false, self.err or client.credentials:take_failure(call)
  if not err and not self.is_final then
    sent, err = flight.send_again(client, call)
  end
  if sent then
    self.is_final = true
    client.waiters[client.core:id(call)] = self
    return false
  end
  return true, flight.conclude(client, call, err)
end

--- Whether it has ended, also where no turn has told of it, having been interrupted.
function Launch:has_ended()
  local client, call = self.owner.client, self.call
  local has_ended = self.err or client.core:state(call) == "done"
  if has_ended then
    client.waiters[client.core:id(call)] = nil
  end
  return has_ended
end

--- Ends it as cancelled.
---@return boolean will_end false where memory ran out before it was sent
function Launch:cancel()
  local handle, call = self.owner.client.core, self.call
  self.is_final = true
  if handle:is_open() then -- (a close has cancelled it)
    handle:cancel(call)
  end
  return self.err or handle:state(call) ~= "prepared"
end

--- Begins it and sends it. Its deadline begins when it is first sent.
function Launch:begin()
  local client, call = self.owner.client, self.call
  local id = flight.begin(client, call, true, true)
  client.waiters[id] = self -- before it is sent: there may be no memory for it behind that
  local sent, err = flight.send(client, call, self.owner)
  if not sent then
    client.waiters[id] = nil
    self.err = err
    self.owner:note_end(self)
  end
end

--- Of a prepared call.
---@param owner partnercenter.Group whose `note_end` is told of its end
---@return partnercenter.Launch
function M.new(call, owner, on_end, x, y)
  return setmetatable({
    call = call, owner = owner, on_end = on_end, x = x, y = y, next = false, err = false, is_final = false,
  }, Launch)
end

return M
