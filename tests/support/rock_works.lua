-- SPDX-License-Identifier: MIT
--- rock_works.lua VERSION: one update against the sandbox, with the modules that are on the path.

local partnercenter = require "partnercenter"
assert(partnercenter._VERSION == arg[1], "the version is " .. partnercenter._VERSION .. ", not " .. arg[1])
local sandbox = assert(require "partnercenter.sandbox".start())
local client = assert(partnercenter.new(sandbox:client_options()))
assert(client:update_qualification("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "Education"))
client:close()
sandbox:stop()
