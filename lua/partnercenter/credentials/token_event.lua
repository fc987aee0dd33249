-- SPDX-License-Identifier: MIT
--- What is told of a request for a token: its pauses, and at its end the event `token`.

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

--- Tells of the pauses of a request for a token, as far as they were not told yet.
---@param ids integer[] of the calls that wait for the token
---@param id integer of the request
---@param list table as of the core's `events`
function M.tell_pauses(client, ids, id, list)
  local listener = client.listener
  if listener then
    listener:deliver(client, list)
    listener:hand_on_error(id, ids)
  end
end

return M
