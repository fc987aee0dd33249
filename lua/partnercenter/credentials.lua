-- SPDX-License-Identifier: MIT
--- Where the access token of a client comes from: a source has `send`, which gives a call the token
--- and submits it, and `take_failure`. A token itself is kept in the core, which can wipe it.

local parts = require "partnercenter.parts"

---@class partnercenter.Credentials
---@field send fun(self, call: userdata, refused: string?): boolean?, partnercenter.Error? submits the call, or parks
--- it until there is a token. `refused` is the token with which the service has refused it: false
--- when there is no other
---@field take_failure fun(self, call: userdata): partnercenter.Error? why a parked call got no token

--- A token given as a string: the core has it already, and it never changes.
local Fixed = {}
Fixed.__index = Fixed

function Fixed:send(call, refused)
  if refused then
    return false
  end
  self.core:submit(call)
  return true
end

function Fixed.take_failure() end

local M = {}

--- The credentials that the (checked) options of a client describe.
---@param client partnercenter.Client
---@param options table
---@return partnercenter.Credentials
function M.new(client, options)
  if type(options.access_token) == "string" then
    return setmetatable({ core = client.core }, Fixed)
  elseif options.access_token then
    return parts["credentials.provided"].new(client, options)
  end
  return parts["credentials.authority"].new(client, options)
end

return M
