-- SPDX-License-Identifier: MIT
--- An access token given as a function that returns it and the seconds it has left. One without a
--- number of seconds is asked for again at every call.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local expiry = require "partnercenter.credentials.expiry"
local token_event = require "partnercenter.credentials.token_event"

---@class partnercenter.Provided: partnercenter.Credentials
local Provided = {}
Provided.__index = Provided

--- What is wrong with what the function returned; nil when it is a token.
local function problem_of(token, seconds)
  if not token and seconds ~= nil then
    return "no token: " .. callback.text_of(seconds)
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

--- Whether the function is what has called us. The stack tells; a note of our own would outlive a
--- coroutine that nginx ends, and reuses.
function Provided:is_asked()
  local level = 2
  repeat
    local frame = debug.getinfo(level, "f")
    if frame and frame.func == self.provide then
      return true
    end
    level = level + 1
  until not frame
  return false
end

--- Calls the function. What it raises is an error of the category `callback`.
function Provided:ask()
  local handle = self.client.core
  local ok, token, seconds = callback.run(self.client, self.provide)
  if not ok then
    return nil, callback.error(handle, "access_token", token)
  end
  local problem = problem_of(token, seconds)
  if problem then
    return unauthorized(handle, "returned " .. problem)
  end
  seconds = tonumber(seconds) or 0
  return token, seconds == seconds and seconds or 0 -- 0 in the place of NaN
end

--- Asks for a token and uses it from now on.
---@return number? seconds
---@return partnercenter.Error? err
function Provided:renew()
  local handle = self.client.core
  local token, seconds = self:ask()
  if not token then
    return nil, seconds
  elseif not handle:is_open() then -- the function has closed it
    return nil, callback.closed()
  end
  local set, err = handle:set_access_token(token)
  if not set then
    return nil, err
  end
  self.renew_at = core.now() + expiry.usable(seconds)
  return seconds
end

function Provided:send(call, refused)
  local handle = self.client.core
  if core.now() >= self.renew_at or refused and handle:is_access_token(refused) then
    if self:is_asked() then
      return unauthorized(handle, "made a call of the client that waits for its token")
    end
    local begun = core.now()
    local seconds, err = self:renew()
    token_event.tell(self.client, { handle:id(call) }, "access_token", begun, seconds, err)
    if not seconds then
      return nil, err
    elseif not handle:is_open() then -- whoever was told has closed it
      return nil, callback.closed()
    end
  end
  if refused then
    if handle:is_access_token(refused) then
      return false
    end
    handle:repeat_call(call)
  end
  handle:submit(call)
  return true
end

function Provided.take_failure() end

local M = {}

---@param client partnercenter.Client
---@param options table
---@return partnercenter.Credentials
function M.new(client, options)
  local access_token = options.access_token
  return setmetatable({
    client = client,
    renew_at = -math.huge,
    provide = function()
      local token, seconds = access_token() -- not a tail call, which would leave the stack
      return token, seconds
    end,
  }, Provided)
end

return M
