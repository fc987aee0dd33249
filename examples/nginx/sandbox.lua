-- SPDX-License-Identifier: MIT
--- sandbox.lua VETTING_TIME: a sandbox in a process of its own. Prints the settings that reach it, one
--- NAME=value a line and an empty line behind them, and serves until its standard input ends.

local sandbox, err = require "partnercenter.sandbox".start { vetting_time = tonumber(arg[1]) }
if not sandbox then
  error(tostring(err))
end
local options = sandbox:client_options()
for _, name in ipairs { "base_url", "login_url", "tenant_id", "client_id", "client_secret", "refresh_token" } do
  print(("PARTNERCENTER_%s=%s"):format(name:upper(), options[name]))
end
print ""
io.stdout:flush()
io.read "*a"
sandbox:stop()
