-- SPDX-License-Identifier: MIT
--- The Partner Center client for Lua.

local client = require "partnercenter.client"
local core = require "partnercenter.core"

return {
  _VERSION = core.version,
  new = client.new,
}
