-- SPDX-License-Identifier: MIT
--- Code that makes calls of a client in a coroutine of its own, which is suspended where the code waits,
--- while others go on.

local nginx = require "partnercenter.host".nginx

--- What our own coroutines yield: anything else comes from a function of the script's.
local WAITING = {}

---@class partnercenter.Task
---@field client partnercenter.Client
---@field call userdata? the core's call that it waits for
---@field is_cancelled boolean? its next call is cancelled, too
---@field is_ending boolean? it begins nothing more
---@field is_in_callback boolean? it runs a function of the script's
---@field pieces table<partnercenter.Task, boolean>? those under way, of a run
---@field package co thread
---@field package owner table for whom it works
---@field package on_end fun(owner: table, task: partnercenter.Task, ok: boolean, ...) is told what it returned or raised
local Task = {}
Task.__index = Task

--- Runs the code until it waits or ends. Where a function of the script's yields, it goes on at once.
local function settle(task, ok, ...)
  if ok and (...) == WAITING then
    return
  elseif coroutine.status(task.co) == "dead" then
    task.client.tasks[task.co] = nil
    return task.on_end(task.owner, task, ok, ...)
  end
  return settle(task, coroutine.resume(task.co))
end

--- Lets the code begin.
---@param ... any its arguments
function Task:run(...)
  return settle(self, coroutine.resume(self.co, ...))
end

--- What it waits for is done.
---@param err partnercenter.Error? why that cannot be waited for
function Task:wake(err)
  return settle(self, coroutine.resume(self.co, err))
end

--- What it waits for is done, and nobody was told: in nginx only its own request can be, and a turn may have been
--- interrupted, or may have had no memory.
function Task:catch_up()
  local client, awaited = self.client, self.call
  if awaited and client.core:state(awaited) == "done" then
    client.waiters[client.core:id(awaited)] = nil
    self:wake()
  end
end

--- Whether what runs here was called by the code, as a function of the script's is, or by a piece of it.
function Task:has_called_us()
  local status = coroutine.status(self.co)
  local has_called = status == "running" or status == "normal"
  for piece in pairs(self.pieces or {}) do
    has_called = has_called or piece:has_called_us()
  end
  return has_called
end

--- "running" and "normal" (it runs, in one of its functions even), "suspended" or "dead".
---@return string
function Task:status()
  return coroutine.status(self.co)
end

--- Suspends the code until the core's call is done.
---@param id integer the call's
---@return partnercenter.Error? err why it cannot be waited for
function Task:wait(call, id)
  local client = self.client
  self.call = call
  if not nginx then
    client.waiters[id] = self
  end
  if self.is_cancelled then
    client.core:cancel(call)
  end
  local err = coroutine.yield(WAITING)
  self.call = nil
  return err
end

--- Suspends the code until it is woken.
function Task.sleep()
  coroutine.yield(WAITING)
end

--- Suspends the code, which has nothing to do, until it is told to go on.
---@param idle partnercenter.Task[] those of which that is so
---@return any ... what it is told
function Task:rest(idle)
  self.client.tasks[self.co] = nil
  idle[#idle + 1] = self
  return coroutine.yield(WAITING)
end

--- Tells the code that rests to go on.
function Task:go_on(code, x, y, z)
  self.client.tasks[self.co] = self
  return settle(self, coroutine.resume(self.co, code, x, y, z))
end

--- Ends the call that it waits for as cancelled, and the next ones.
---@return boolean is_waiting
function Task:cancel()
  self.is_cancelled = true
  local is_waiting = self.call ~= nil and self.client.core:is_open() -- (a close has cancelled it)
  if is_waiting then
    self.client.core:cancel(self.call)
  end
  return is_waiting
end

local M = {}

--- What a client needs for tasks. In nginx one that nobody holds ends with its request, and is gone.
function M.prepare(client)
  client.tasks = setmetatable({}, nginx and { __mode = "kv" } or nil)
end

--- The one whose code runs here, or a function of the script's that it has called; nil where it is neither.
---@param client partnercenter.Client
---@return partnercenter.Task?
function M.running(client)
  return client.tasks[coroutine.running() or false]
end

--- The code does not run yet.
---@param client partnercenter.Client
---@param code function
---@param on_end fun(owner: table, task: partnercenter.Task, ok: boolean, ...)
---@param owner table
---@return partnercenter.Task
function M.new(client, code, on_end, owner)
  local task = setmetatable({ client = client, co = coroutine.create(code), on_end = on_end, owner = owner }, Task)
  client.tasks[task.co] = task
  return task
end

return M
