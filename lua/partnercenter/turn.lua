-- SPDX-License-Identifier: MIT
--- A turn of a client: the code that waits for calls which have ended goes on, and the script is told what
--- happened.

local nginx = require "partnercenter.host".nginx

local kept = nginx and require "partnercenter.kept" -- nothing outlives its coroutine elsewhere

local M = {}

--- Lets the code go on that waits for these calls: all of it, also when some raises, as it does when
--- memory runs out.
local function wake(client, ids)
  local failed, first = false, nil
  local waiters = client.waiters
  for i = 1, #ids do
    local id = ids[i]
    local waiter = waiters[id]
    waiters[id] = nil
    local ok, raised = true, nil
    if waiter then
      ok, raised = pcall(waiter.wake, waiter)
    end
    if not ok and not failed then
      failed, first = true, raised
    end
  end
  if failed then
    error(first, 0)
  end
end

--- In a process that came by a fork, ends the calls that were in flight: they are the parent's.
function M.follow_fork(client)
  if not client.core:take_fork() then
    return
  end
  local ids = {}
  for id in pairs(client.waiters) do
    ids[#ids + 1] = id
  end
  table.sort(ids)
  wake(client, ids)
end

--- Lets the code that waits for calls which have ended go on, and tells the script what happened.
---@param client partnercenter.Client
function M.turn(client)
  local handle = client.core
  M.follow_fork(client)
  if client.listener then
    client.listener:deliver(client, handle:events())
  end
  wake(client, handle:ended())
  if kept then
    kept.tell(client)
  end
end

--- Moves all calls on as far as they can be without waiting, and takes a turn.
function M.advance(client)
  if not nginx and client.core:is_open() then
    client.core:drive(nil, 0)
  end
  M.turn(client)
end

return M
