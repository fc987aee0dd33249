-- SPDX-License-Identifier: MIT
--- The flight of a call: a token, the request, on a refused token a new one and the request once
--- more, the result. Written once; how it waits depends on who runs it.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local kept = require "partnercenter.kept"
local nginx = require "partnercenter.nginx"
local tasks = require "partnercenter.task"
local turn = require "partnercenter.turn"

local M = {}

local is_nginx = nginx.is_here()

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
  elseif is_nginx then
    return nginx.wait(client, call, turn.turn)
  end
  local ok, raised = pcall(drive_until_done, client, call)
  if not ok then
    client.core:cancel(call)
    error(raised, 0)
  end
end

--- Sends the call, or lets it wait for a token, until it is done.
---@param id integer the call's
---@param task partnercenter.Task? whose code runs here
---@param refused string? the token with which the service has refused it
---@return boolean? sent false: there is no other token to send it with
---@return partnercenter.Error? err
local function send(client, call, id, task, refused)
  local credentials = client.credentials
  local sent, err = credentials:send(call, refused)
  if sent then
    local owner = is_nginx and kept.keep(client, call, id)
    err = wait(client, call, id, task)
    err = credentials:take_failure(call) or err
    if owner then
      kept.give_back(client, owner)
    end
  end
  return sent and not err, err
end

--- Whether the code that runs here waits by driving the engine itself.
function M.is_direct(client)
  return not is_nginx and not task_of(client)
end

local function problem_of(client, task)
  local err = is_nginx and nginx.problem(client)
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
  local err = problem_of(client, task)
  if err then
    return err
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

--- Sends the call, once more where its token is refused.
---@return integer id of the call
---@return partnercenter.Error? err why it was not sent, or not once more
local function fly(client, call, is_patient)
  local handle, task = client.core, task_of(client)
  local id, has_forked = handle:begin(call, is_nginx or task ~= nil, is_patient)
  if has_forked then -- asked now, and not when it was prepared: a page is prepared before the loop asks for it
    turn.follow_fork(client)
  end
  local _
  local err = problem_of(client, task)
  if err then
    return id, err
  end
  _, err = send(client, call, id, task)
  local refused = not err and handle:refused_token(call)
  if refused then
    tell(client, call) -- ahead of what will be told of the new token
  end
  if refused and handle:is_open() then
    _, err = send(client, call, id, task, refused)
  end
  return id, err
end

local function collect(client, call, err)
  if err then
    return unsent(call, err)
  end
  return client.core:result(call)
end

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
  local id = handle:begin(call, task and not is_nginx)
  handle:park(call)
  if owner then
    owner.pause = call
  end
  local err = wait(client, call, id, task)
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
function M.pause(client, seconds, owner)
  local task = task_of(client)
  local err = problem_of(client, task)
  if not client.core:is_open() or err and not (owner and owner.is_ending) then
    return err
  elseif task or is_nginx then
    err = wait_for_pause(client, task, seconds, owner)
  else
    drive_for(client, seconds, owner)
  end
  return err or problem_of(client, task)
end

--- Lets others go on, where the client is closed and its engine cannot tell of the end of anything.
---@param owner table whose field `sleeper` is what to wake meanwhile
function M.sleep(client, owner)
  local task = task_of(client)
  if is_nginx then
    nginx.sleep()
  elseif task then
    owner.sleeper = task
    task:sleep()
  end
end

--- Makes a prepared call.
---@param client partnercenter.Client
---@param call userdata
---@param is_patient? boolean its deadline begins when it is first sent
---@return table? result
---@return partnercenter.Error? err
---@return table meta
function M.perform(client, call, is_patient)
  local id, failure = fly(client, call, is_patient)
  local listener = client.listener
  if not listener then
    return collect(client, call, failure)
  end
  tell(client, call)
  local result, err, meta = collect(client, call, failure)
  meta.event_error = listener:take_error(id)
  return result, err, meta
end

return M
