-- SPDX-License-Identifier: MIT
--- Calls that outlive the code that waits for them: in nginx a request ends when its visitor goes away,
--- and with it the coroutine that made the call. The client keeps the call until it has ended, and tells
--- of it then.

local M = {}

---@class partnercenter.Kept
---@field package client partnercenter.Client
---@field package call userdata
---@field package id integer
---@field package owner table its only element is gone once the coroutine is
local Kept = {}
Kept.__index = Kept

--- The call is done. Whoever waits for it tells of its events; only where nobody does it is left to us.
function Kept:wake()
  self.client.kept[self.id] = self.client.listener and self or nil
end

--- Keeps a call that has been submitted.
---@param client partnercenter.Client
---@param call userdata
---@param id integer the call's
---@return table owner what the coroutine that waits for the call has to hold, and to give back
function M.keep(client, call, id)
  local owner = { id = id }
  client.waiters[id] = setmetatable({
    client = client, call = call, id = id, owner = setmetatable({ owner }, { __mode = "v" }),
  }, Kept)
  return owner
end

--- The coroutine has its call back.
function M.give_back(client, owner)
  client.waiters[owner.id] = nil
  client.kept[owner.id] = nil
end

--- Tells of the calls that have ended and whose coroutines are gone.
---@param client partnercenter.Client
function M.tell(client)
  for id, kept in pairs(client.kept) do
    if not kept.owner[1] then
      client.kept[id] = nil
      client.listener:deliver(client, client.core:events(kept.call))
      client.listener:take_error(id)
      return M.tell(client) -- the listener may have let others run
    end
  end
end

return M
