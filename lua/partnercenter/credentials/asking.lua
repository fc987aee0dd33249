-- SPDX-License-Identifier: MIT
--- Asking the script for something that calls wait for: which coroutine does it, and which calls must not wait
--- meanwhile, since it would wait for itself.

local callback = require "partnercenter.callback"
local nginx = require "partnercenter.host".nginx

local M = {}

---@class partnercenter.Asking
---@field package asker thread|string|nil the coroutine in which the function runs
local Asking = {}
Asking.__index = Asking

local function running()
  return coroutine.running() or "main"
end

local function leave(asking, asker, ...)
  if asking.asker == asker then -- and not another, where this one was left in its middle and taken up again
    asking.asker = nil
  end
  return ...
end

--- Calls the function.
---@return boolean ok
---@return any ... what it returned, or raised
function Asking:ask(fn)
  local asker = running()
  self.asker = asker
  return leave(self, asker, callback.run(self.client, fn))
end

--- Whether the function has called us.
local function has_called_us(asker)
  return asker == "main" or asker == running() or asker and coroutine.status(asker) == "normal"
end

--- Whether a coroutine is asking, as far as this one can tell: in nginx it may have ended with its request.
--- Elsewhere one that is suspended may have been left for good, and nobody waits for it.
function Asking:is_under_way()
  local asker = self.asker
  return has_called_us(asker) or nginx and asker and coroutine.status(asker) ~= "dead" or false
end

--- Whether the function would wait for a call that waits for it: one that is waited for right here, or for
--- however long.
---@param call userdata
function Asking:would_wait_for_itself(call)
  local client, co = self.client, running()
  local task = client.tasks[co]
  local waits_here = self.asker == co or not task or task.is_in_callback
  return has_called_us(self.asker) and (waits_here or client.core:time_left(call) == math.huge)
end

---@param client partnercenter.Client
---@return partnercenter.Asking
function M.new(client)
  return setmetatable({ client = client }, Asking)
end

return M
