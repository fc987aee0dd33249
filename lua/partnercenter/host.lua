-- SPDX-License-Identifier: MIT
--- Where this library runs.

local core = require "partnercenter.core"

local M = {}

--- Why no call can be waited for here; nil when one can. In nginx it cannot yet be waited for without
--- stopping the worker, so that no call is begun there.
---@return partnercenter.Error? err
function M.problem()
  local ngx = _G.ngx
  if type(ngx) == "table" and ngx.get_phase then
    return core.error {
      category = "unavailable",
      message = "a call would block the nginx worker: make it from a script outside nginx",
    }
  end
end

return M
