-- SPDX-License-Identifier: MIT
--- How this host waits for an answer.

local core = require "partnercenter.core"

local M = {}

--- Whether a call can be waited for here. In nginx it cannot yet be waited for without stopping
--- the worker, so that no call is begun there.
---@return boolean? possible
---@return partnercenter.Error? err
function M.check()
  local ngx = _G.ngx
  if type(ngx) == "table" and ngx.get_phase then
    return nil, core.error {
      category = "unavailable",
      message = "a call would block the nginx worker: make it from a script outside nginx",
    }
  end
  return true
end

local function drive_until_done(handle, call)
  repeat until handle:drive(call)
end

--- Waits until the call is done. The loop is in Lua so that hooks run between two steps: what they
--- raise, as Ctrl-C does, cancels the call.
---@param handle userdata the core's client
---@param call userdata
function M.wait(handle, call)
  local ok, raised = pcall(drive_until_done, handle, call)
  if not ok then
    handle:cancel(call)
    error(raised, 0)
  end
end

return M
