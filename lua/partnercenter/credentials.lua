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

--- A value of the script's as text, also when its own __tostring raises.
local function text_of(value)
  local ok, text = pcall(tostring, value)
  return ok and text or type(value)
end

--- What is wrong with what the function returned; nil when it is a token.
local function problem_of(token, seconds)
  if not token and seconds ~= nil then
    return "no token: " .. text_of(seconds)
  elseif not token then
    return "no token"
  elseif type(token) ~= "string" then
    return ("a %s, not a string"):format(type(token))
  elseif seconds ~= nil and not tonumber(seconds) then
    return ("a %s, not the seconds that the token has left"):format(type(seconds))
  end
end

local function unauthorized(handle, message)
  return nil, handle:error { category = "unauthorized", message = "the access_token function " .. message }
end

--- Calls the function. What it raises is an error of the category `callback`.
function Provided:ask(handle)
  self.is_asked = true
  local ok, token, seconds = pcall(self.provide)
  self.is_asked = false
  if not ok then
    return nil, handle:error {
      category = "callback",
      message = "the access_token function raised: " .. text_of(token),
      cause = token,
    }
  end
  local problem = problem_of(token, seconds)
  if problem then
    return unauthorized(handle, "returned " .. problem)
  end
  return token, tonumber(seconds) or 0
end

function Provided:authorize(handle)
  if core.now() < self.renew_at then
    return true
  elseif self.is_asked then
    return unauthorized(handle, "made a call of the client that waits for its token")
  end
  local token, seconds = self:ask(handle)
  if not token then
    return nil, seconds
  elseif not handle:is_open() then
    return true -- the function closed the client: there is nothing left to authorize
  end
  local set, err = handle:set_access_token(token)
  if not set then
    return nil, err
  end
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
