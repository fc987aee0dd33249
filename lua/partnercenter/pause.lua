-- SPDX-License-Identifier: MIT
--- Pauses of the code that runs here, while other calls of the client go on.

local core = require "partnercenter.core"
local flight = require "partnercenter.flight"
local nginx = require "partnercenter.host".nginx
local turn = require "partnercenter.turn"

local M = {}

--- Moves all calls of the client on for so many seconds, or until the owner's `has_ended` is set.
local function drive_for(client, seconds, owner)
  local handle, ends = client.core, core.now() + seconds
  repeat
    local _, has_news = handle:drive(nil, math.max(0, ends - core.now()))
    if has_news then
      turn.turn(client)
    end
  until owner and owner.has_ended or core.now() >= ends or not handle:is_open()
end

--- Lets somebody else move the calls on, until a call of the core's that is only a pause has ended.
local function wait_for_pause(client, task, seconds, owner)
  local handle = client.core
  local call = handle:prepare_pause(seconds)
  local id = handle:begin(call, task and not nginx)
  handle:park(call)
  if owner then
    owner.pause = call
  end
  local err
  if task then
    err = task:wait(call, id)
  else
    err = nginx.wait(client, call, turn.turn)
  end
  if owner then -- (which may have cancelled it)
    owner.pause = nil
  end
  return err
end

--- Waits, while other calls go on.
---@param client partnercenter.Client
---@param seconds number
---@param owner? table that ends the wait: by setting `has_ended`, and by cancelling the core's call that is its
--- field `pause` meanwhile, where it is one
---@return partnercenter.Error? err why the client cannot go on
function M.wait(client, seconds, owner)
  local task = flight.task(client)
  local err = flight.problem(client, task)
  if not client.core:is_open() or err and not (owner and owner.is_ending) then
    return err
  elseif task or nginx then
    err = wait_for_pause(client, task, seconds, owner)
  else
    drive_for(client, seconds, owner)
  end
  return err or flight.problem(client, task)
end

--- Lets others go on, where the client is closed and its engine cannot tell of the end of anything.
---@param owner table whose field `sleeper` is what to wake meanwhile
function M.pass(client, owner)
  local task = flight.task(client)
  if nginx then
    nginx.sleep()
  elseif task then
    owner.sleeper = task
    task:sleep()
  end
end

return M
