-- SPDX-License-Identifier: MIT
--- The event `token`: a token was asked for.

local core = require "partnercenter.core"

local M = {}

--- Tells the script, where it wants to be told.
---@param client partnercenter.Client
---@param ids integer[] of the calls that wait for the token
---@param source string where it was asked for: `refresh_token`, `client_credentials`, `access_token`, `token_cache`
---@param begun number when, by core.now()
---@param seconds number? that the token has left; nil: there is none
---@param err partnercenter.Error? why
function M.tell(client, ids, source, begun, seconds, err)
  local listener = client.listener
  if not listener then
    return
  end
  local event = {
    type = "token",
    time = core.time(),
    source = source,
    elapsed = core.now() - begun,
    expires_in = seconds,
    category = err and err.category,
    status = err and err.status,
    code = err and err.code,
  }
  listener:tell(client, ids, event)
end

return M
