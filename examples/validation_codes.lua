-- SPDX-License-Identifier: MIT
--- Lists the validation codes, of which an update to GovernmentCommunityCloud needs one.
---
---     lua5.4 examples/validation_codes.lua
---
--- credentials.lua says which settings of the environment tell whose codes; without any, they are
--- those of a sandbox.

local connect = dofile((arg[0]:match "^.*/" or "") .. "credentials.lua")
local client = connect {}

local codes, err = client:get_validation_codes()
client:close()
if not codes then
  io.stderr:write(tostring(err), "\n")
  os.exit(1, true)
end

for _, code in ipairs(codes) do
  print(("validation_code = %q   %s, good for %s more of %s customers"):format(
    code.validationId, code.organizationName or "?", code.remainingCreates or "?", code.maxCreates or "?"))
end
print(("%d in all"):format(#codes))
