-- SPDX-License-Identifier: MIT
--- shown_version.lua VERSION: that is what the library calls itself, to a script and to the service.

local partnercenter = require "partnercenter"
local sandbox = assert(require "partnercenter.sandbox".start())
local client = assert(partnercenter.new(sandbox:client_options()))
assert(client:get_validation_codes())
assert(partnercenter._VERSION == arg[1], partnercenter._VERSION)
for _, request in ipairs(sandbox:requests()) do
  assert(request.headers["user-agent"] == "lua-partnercenter/" .. arg[1], request.headers["user-agent"])
end
client:close()
sandbox:stop()
