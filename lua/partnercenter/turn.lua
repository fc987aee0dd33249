-- SPDX-License-Identifier: MIT
--- A turn of a client: the code that waits for calls which have ended goes on, and the script is told what
--- happened.

local nginx = require "partnercenter.host".nginx

local kept = nginx and require "partnercenter.kept" -- nothing outlives its coroutine elsewhere

local M = {}

--- Lets the code go on that waits for the calls with these ids: all of it, also when some raises, as it does when
--- memory runs out.
---@param next_id fun(handle: userdata): integer?
---@param most integer of the ids
local function wake(client, next_id, most)
  local failed, first = false, nil
  local handle, waiters = client.core, client.waiters
  for _ = 1, most do
    local id = next_id(handle)
    local waiter = id and waiters[id]
    if waiter then
      waiters[id] = nil
      local ok, raised = pcall(waiter.wake, waiter)
      if not ok and not failed then
        failed, first = true, raised
      end
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
  local place = 0
  wake(client, function()
    place = place + 1
    return ids[place]
  end, #ids)
end

--- Lets the code that waits for calls which have ended go on, and tells the script what happened. What goes on may take
--- a turn itself, and so wake the code behind it.
---@param client partnercenter.Client
function M.turn(client)
  local handle = client.core
  M.follow_fork(client)
  if client.listener then
    client.listener:deliver(client, handle:events())
  end
  wake(client, handle.ended, handle:count_ended()) -- no more: an engine with a thread may end calls all the while
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
