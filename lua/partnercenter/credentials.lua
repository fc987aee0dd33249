-- SPDX-License-Identifier: MIT
--- Where the bearer token of a client comes from. A token itself is kept in the core, which can
--- wipe it; here is only when it has to be renewed.

local core = require "partnercenter.core"

--- The longest time before its expiry that a token is renewed, in seconds; a token that lives
--- shorter than ten times as long is renewed when a tenth of its life is left.
local RENEW_BEFORE = 60

---@class partnercenter.Credentials
---@field authorize fun(self, handle: userdata): boolean?, partnercenter.Error?

--- A token given as a string: the core has it already, and it never changes.
local Fixed = {}
Fixed.__index = Fixed

function Fixed.authorize()
  return true
end

--- A token given as a function that returns it and the seconds it has left. One without a number
--- of seconds is asked for again at every call.
local Provided = {}
Provided.__index = Provided

local function unauthorized(reason)
  return nil, core.error { category = "unauthorized", message = reason }
end

local function refused(reason)
  if reason == nil then
    return unauthorized "the access_token function returned no token"
  end
  return unauthorized("the access_token function returned no token: " .. tostring(reason))
end

function Provided:authorize(handle)
  if core.now() < self.renew_at then
    return true
  end
  if self.is_asked then
    return unauthorized "the access_token function made a call of the client that waits for its token"
  end
  self.is_asked = true
  local ok, token, seconds = pcall(self.provide)
  self.is_asked = false
  if not ok then
    return nil, core.error {
      category = "callback",
      message = "the access_token function raised: " .. tostring(token),
      cause = token,
    }
  elseif not token then
    return refused(seconds)
  elseif type(token) ~= "string" then
    return unauthorized(("the access_token function returned a %s, not a string"):format(type(token)))
  elseif seconds ~= nil and not tonumber(seconds) then
    return unauthorized(("the access_token function returned a %s, not the seconds that the token has left")
      :format(type(seconds)))
  end
  if not handle:is_open() then
    return true
  end
  local set, err = handle:set_access_token(token)
  if not set then
    return nil, err
  end
  seconds = tonumber(seconds) or 0
  self.renew_at = core.now() + seconds - math.min(RENEW_BEFORE, seconds / 10)
  return true
end

local M = {}

--- The credentials that the (checked) options of a client describe.
---@param options table
---@return partnercenter.Credentials
function M.new(options)
  if type(options.access_token) == "function" then
    return setmetatable({ provide = options.access_token, renew_at = -math.huge }, Provided)
  end
  return setmetatable({}, Fixed)
end

return M
