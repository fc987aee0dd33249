-- SPDX-License-Identifier: MIT
--- A sandbox and a client of it, made anew for each test of a file.

local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local M = {}

--- Makes them before each test, and ends them after it. The first two are functions of busted.
---@param options? table of the sandbox
---@param client_options? fun(): table of each client
---@return table made `server` and `client`, which tests may replace with `restart` and `new_client`
function M.each(before_each, after_each, options, client_options)
  local made = {}

  --- One more client, which whoever asks for it closes.
  function made.one_more(changes)
    local all = access.options(made.server)
    for _, some in ipairs { client_options and client_options() or {}, changes or {} } do
      for name, value in pairs(some) do
        all[name] = value
      end
    end
    return assert(partnercenter.new(all))
  end

  --- Another client instead.
  function made.new_client(changes)
    if made.client then
      made.client:close()
    end
    made.client = made.one_more(changes)
  end

  --- Another sandbox instead, and a client of it.
  function made.restart(other_options, changes)
    if made.server then
      made.server:stop()
    end
    made.server = assert(sandbox.start(other_options))
    made.new_client(changes)
  end

  before_each(function()
    made.restart(options)
  end)

  after_each(function()
    made.client:close()
    made.server:stop()
    made.client, made.server = nil, nil
  end)

  return made
end

return M
