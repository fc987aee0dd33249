-- SPDX-License-Identifier: MIT
--- `partnercenter sandbox`: a Partner Center to try things on.

local credentials_file = require "partnercenter.command.credentials_file"
local output = require "partnercenter.command.output"
local sandbox = require "partnercenter.sandbox"
local signals = require "partnercenter.command.signals"
local status = require "partnercenter.command.status"

local M = {}

--- A signal ends the sleep: this only bounds one, in seconds.
local LONG = 3600

---@param values table
---@param out partnercenter.Output
---@return integer status
function M.run(values, out)
  local server, err = sandbox.start {
    port = values.port, vetting_time = values.vetting_time, latency = values.latency, rate_limit = values.rate_limit,
    customers = values.customers,
  }
  if not server then
    output.complain(err)
    return status.FAILED
  end
  local options = server:client_options()
  for _, name in ipairs(credentials_file.NAMES) do
    if options[name] then
      out:line(credentials_file.variable(name) .. "=" .. options[name])
    end
  end
  if out.columns then
    output.say "\nServing until Ctrl-C. In another terminal, `export` these lines to use it."
  end
  while not out.failure and signals.sleep(LONG) do end
  server:stop()
  return signals.caught() and status.INTERRUPTED or status.FAILED
end

return M
