-- SPDX-License-Identifier: MIT
--- Runs the functions that a script has given. They may make calls of the client themselves: such a
--- call is waited for there and then, whoever runs the function.

local core = require "partnercenter.core"

local M = {}

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
  local task = client.tasks[coroutine.running() or false]
  if task then
    task.is_in_callback = true
  end
  return leave(task, pcall(fn, ...))
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

--- The error of a call that is not sent, since the client was closed: by one of those functions, or by
--- the script while the call waited.
---@return partnercenter.Error
function M.closed()
  return core.error { category = "cancelled", message = "the client was closed before the call was sent" }
end

return M
