-- SPDX-License-Identifier: MIT
--- The flight of a call: a token, the request, on a refused token a new one and the request once
--- more, the result. How it waits depends on who runs it; launch.lua takes the same steps for whoever does not wait.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local nginx = require "partnercenter.host".nginx
local tasks = require "partnercenter.task"
local turn = require "partnercenter.turn"

local kept = nginx and require "partnercenter.kept"

local M = {}

--- Moves all calls of the client on, until one of them is done.
local function drive_until_done(client, call)
  local handle = client.core
  repeat
    local done, news = handle:drive(call)
    if news then
      turn.turn(client)
    end
  until done
end

--- The task whose code runs here, and no function of the script's.
---@param client partnercenter.Client
---@return partnercenter.Task?
function M.task(client)
  local task = tasks.running(client)
  return task and not task.is_in_callback and task or nil
end

local task_of = M.task

--- Waits until the call is done: a started one lets whoever runs it do other things, nginx does them
--- of its own accord, and else the engine is driven. That loop is in Lua so that hooks run between two
--- steps: what they raise, as Ctrl-C does, cancels the call.
---@param id integer the call's
---@return partnercenter.Error? err why it cannot be waited for
local function wait(client, call, id, task)
  if task then
    return task:wait(call, id)
  elseif nginx then
    return nginx.wait(client, call, turn.turn)
  end
  local ok, raised = pcall(drive_until_done, client, call)
  if not ok then
    client.core:cancel(call)
    error(raised, 0)
  end
end

--- Waits until a call that was submitted, or waits for a token, is done.
---@param id integer the call's
---@param task partnercenter.Task? whose code runs here
---@return partnercenter.Error? err why it got no token, or cannot be waited for
local function wait_for_end(client, call, id, task)
  local owner = nginx and kept.keep(client, call, id)
  local err = wait(client, call, id, task)
  err = client.credentials:take_failure(call) or err
  if owner then
    kept.give_back(client, owner)
  end
  return err
end

--- Whether the code that runs here waits by driving the engine itself.
function M.is_direct(client)
  return not nginx and not task_of(client)
end

--- Why no call can be made here.
---@param task partnercenter.Task|partnercenter.Group|nil for whom it is
---@return partnercenter.Error? err
function M.problem(client, task)
  local err = nginx and nginx.problem(client)
  if err then
    return err
  elseif not client.core:is_open() then
    return callback.closed()
  elseif task and task.is_cancelled then
    return core.error { category = "cancelled", message = "the call was cancelled" }
  end
end

--- Why a run begins nothing more, beside what is under way; nil when it may.
---@param task partnercenter.Task? whose code the run is
---@return partnercenter.Error? err
function M.ending(client, task)
  local err = M.problem(client, task)
  if err then
    return client.core:is_open() and err or callback.closed "the run had ended"
  elseif task and task.is_ending then
    return core.error { category = "cancelled", message = "the run was told to begin nothing more" }
  end
end

--- The end of a call that is not sent, or not once more.
local function unsent(call, err)
  local _, _, meta = core.unsent(call, err)
  err.attempts = meta.attempts
  err.request_id = err.request_id or meta.request_id
  err.correlation_id = err.correlation_id or meta.correlation_id
  return nil, err, meta
end

--- Tells the script what happened to a call that is not in flight.
local function tell(client, call)
  if client.listener then
    client.listener:deliver(client, client.core:events(call))
  end
end

--- Begins a prepared call, whose clock runs from now on.
---@param is_watched boolean its end is told to whoever is in `client.waiters`
---@param is_patient? boolean its deadline begins when it is first sent
---@return integer id
function M.begin(client, call, is_watched, is_patient)
  local id, has_forked = client.core:begin(call, is_watched, is_patient)
  if has_forked then -- asked now, and not when it was prepared: a page is prepared before the loop asks for it
    turn.follow_fork(client)
  end
  return id
end

--- Sends a call that has begun, or lets it wait for a token.
---@param task partnercenter.Task|partnercenter.Group|nil for whom it is
---@return boolean? sent
---@return partnercenter.Error? err why not
function M.send(client, call, task)
  local err = M.problem(client, task)
  if err then
    return nil, err
  end
  return client.credentials:send(call)
end

--- Sends a call that is done once more, where its token was refused and there is another.
---@return boolean? sent
---@return partnercenter.Error? err why there is no other
function M.send_again(client, call)
  local handle = client.core
  local refused = handle:refused_token(call)
  if refused then
    tell(client, call) -- ahead of what will be told of the new token
  end
  if refused and handle:is_open() then
    return client.credentials:send(call, refused)
  end
  return false
end

--- Makes the call, and waits for it.
---@return partnercenter.Error? err why it was not sent, or not once more
local function fly(client, call, is_patient)
  local task = task_of(client)
  local id = M.begin(client, call, (nginx or task) ~= nil, is_patient)
  local sent, err = M.send(client, call, task)
  if sent then
    err = wait_for_end(client, call, id, task)
  end
  if sent and not err then
    sent, err = M.send_again(client, call)
    if sent then
      err = wait_for_end(client, call, id, task)
    end
  end
  return err
end

local function collect(client, call, err)
  if err then
    return unsent(call, err)
  end
  return client.core:result(call)
end

--- The end of a call that goes no further.
---@param failure? partnercenter.Error why it was not sent, or not once more
---@return table? result
---@return partnercenter.Error? err
---@return table meta
function M.conclude(client, call, failure)
  local listener = client.listener
  if not listener then
    return collect(client, call, failure)
  end
  local id = client.core:id(call)
  tell(client, call)
  local result, err, meta = collect(client, call, failure)
  meta.event_error = listener:take_error(id)
  return result, err, meta
end

--- Makes a prepared call.
---@param client partnercenter.Client
---@param call userdata
---@param is_patient? boolean its deadline begins when it is first sent
---@return table? result
---@return partnercenter.Error? err
---@return table meta
function M.perform(client, call, is_patient)
  return M.conclude(client, call, fly(client, call, is_patient))
end

return M
