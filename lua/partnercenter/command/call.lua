-- SPDX-License-Identifier: MIT
--- What the subcommands have in common that make one call.

local output = require "partnercenter.command.output"
local reworded = require "partnercenter.command.reworded"
local settings = require "partnercenter.command.settings"
local signals = require "partnercenter.command.signals"
local status = require "partnercenter.command.status"

local M = {}

--- What the library calls what is typed here.
local TYPED = {
  customer_id = "CUSTOMER", education_segment = "--segment", website = "--website", validation_code = "--code",
  filter = "--filter",
}

--- Puts an error of what was typed into the words of the command line.
local function put_as_typed(err)
  if err.category == "bad_input" and err.attempts == 0 then
    err.message = reworded(err.message, TYPED)
  end
end

--- Tells of a call that has failed.
---@param err partnercenter.Error
---@return integer status
function M.fail(err)
  if signals.caught() and err.category == "cancelled" then
    output.complain "interrupted"
    return status.INTERRUPTED
  end
  put_as_typed(err)
  output.complain(err)
  local ended = status.of(err)
  if ended == status.CREDENTIALS then
    output.say(settings.HINT)
  end
  return ended
end

--- Makes a client, and does something with it.
---@param work fun(client: partnercenter.Client): integer
---@param more? table further options of the client
---@return integer status
function M.with_client(work, more)
  local client, problem = settings.client(more)
  if not client then
    output.complain(problem)
    return status.CREDENTIALS
  end
  local ended = work(client)
  client:close()
  return ended
end

--- Makes one call, which a signal cancels, and prints its result as rows.
---@param out partnercenter.Output
---@param columns partnercenter.Column[]
---@param method string
---@param empty string what to tell where there is nothing
---@return integer status
function M.list(out, columns, method, empty, ...)
  local arguments, count = { ... }, select("#", ...)
  return M.with_client(function(client)
    local unpack = rawget(table, "unpack") or _G.unpack
    local result, err = signals.wait(client, client:start(method, unpack(arguments, 1, count)))
    if not result then
      return M.fail(err)
    elseif #result == 0 then
      output.say(empty)
    end
    out:rows(columns, result)
    return status.DONE
  end)
end

return M
