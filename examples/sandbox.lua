-- SPDX-License-Identifier: MIT
--- A sandbox for the other examples, until Enter is pressed. It prints the settings that reach it:
---
---   lua5.4 examples/sandbox.lua > sandbox.env       # in one terminal
---   . ./sandbox.env; lua5.4 examples/bulk.lua       # in another

local sandbox, err = require "partnercenter.sandbox".start { latency = 0.2, vetting_time = 20 }
if not sandbox then
  error(tostring(err))
end

for name, value in pairs(sandbox:client_options()) do
  if type(value) == "string" then
    print(("export PARTNERCENTER_%s='%s'"):format(name:upper(), value))
  end
end
io.stdout:flush()
io.stderr:write "The sandbox runs until you press Enter.\n"
io.read()
sandbox:stop()
