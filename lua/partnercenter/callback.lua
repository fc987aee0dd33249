-- SPDX-License-Identifier: MIT
--- Runs the functions that a script has given. They may make calls of the client themselves: such a
--- call is waited for there and then, whoever runs the function.

local core = require "partnercenter.core"
local nginx = require "partnercenter.host".nginx
local tasks = require "partnercenter.task"

local M = {}

local ngx = _G.ngx

--- ngx.thread.spawn takes no C function.
local function protected(fn, ...)
  return pcall(fn, ...)
end

--- Calls a function inside a started call. In nginx it may wait for other things: it has a light thread of
--- its own, since nginx crashes when a request is aborted one of whose coroutines sleeps.
local function run_in_task(fn, ...)
  if not nginx then
    return pcall(fn, ...)
  end
  return select(2, ngx.thread.wait(ngx.thread.spawn(protected, fn, ...)))
end

local function leave(task, ...)
  if task then
    task.is_in_callback = false
  end
  return ...
end

---@param client partnercenter.Client
---@param fn function
---@return boolean ok
---@return any ... what it returned, or raised
function M.run(client, fn, ...)
  local task = tasks.running(client)
  if not task or task.is_in_callback then
    return pcall(fn, ...)
  end
  task.is_in_callback = true
  return leave(task, run_in_task(fn, ...))
end

--- A value of the script's as text, also when its own __tostring raises.
function M.text_of(value)
  local ok, text = pcall(tostring, value)
  return ok and text or type(value)
end

--- The error of a function that raised.
---@param handle userdata the core's client
---@param name string what the script calls the function
---@param raised any
---@return partnercenter.Error
function M.error(handle, name, raised)
  return handle:error {
    category = "callback",
    message = ("the %s function raised: %s"):format(name, M.text_of(raised)),
    cause = raised,
  }
end

--- The error of what the client was closed before: by one of those functions, or by the script while it waited.
---@param what? string
---@return partnercenter.Error
function M.closed(what)
  return core.error { category = "cancelled", message = "the client was closed before " .. (what or "the call was sent") }
end

return M
