-- SPDX-License-Identifier: MIT
--- The login of a person at another device: the authority gives a code, the person types it into a
--- page, and meanwhile it is asked again and again whether that has happened.

local core = require "partnercenter.core"

local M = {}

--- What the authority asks for when it is asked too often: a pause longer by so many seconds.
local SLOW_DOWN = 5

--- The pause between two questions, in seconds, where the authority says nothing, and the least.
local INTERVAL, LEAST_INTERVAL = 5, 1

--- How long a code can be used, in seconds, where the authority says nothing.
local LIFETIME = 900

---@class partnercenter.Login
---@field message string what the person is to do
---@field user_code string
---@field verification_url string
---@field interval number seconds to wait before the next poll
---@field package ends number by core.now()
local Login = {}
Login.__index = Login

--- Runs a request to the authority to its end, which comes early where nobody wants it any more.
local function perform(handle, call, is_unwanted)
  handle:submit_token(call)
  while not handle:drive(call) do
    if is_unwanted() then
      handle:cancel(call)
    end
  end
  return call
end

--- Asks once whether the person has logged in.
---@return string? refresh_token nil: not yet, where there is no error
---@return partnercenter.Error? err why it will not happen any more
function Login:poll()
  local handle = self.handle
  local seconds, token, refresh_token = handle:take_token(perform(handle, handle:prepare_login(true), self.is_unwanted))
  if seconds and refresh_token then
    return refresh_token
  elseif seconds then
    return nil, core.error { category = "response_parsing", message = "the authority gave no refresh token" }
  end
  local err = token
  if err.code == "slow_down" then
    self.interval = self.interval + SLOW_DOWN
  elseif err.code ~= "authorization_pending" and not err.retryable then
    return nil, err
  elseif core.now() > self.ends then
    return nil, core.error { category = "timeout", message = "nobody has logged in while the code was good" }
  end
end

local TEXTS = { "user_code", "verification_url", "message" }

--- Begins a login with the tenant and the app of a client, which is of no other use then.
---@param client partnercenter.Client
---@param is_unwanted fun(): any whether the login is to end as `cancelled`, asked while an answer is waited for
---@return partnercenter.Login? login
---@return partnercenter.Error? err
function M.begin(client, is_unwanted)
  local handle = client.core
  local answer, err = handle:take_device_code(perform(handle, handle:prepare_login(), is_unwanted))
  if not answer then
    return nil, err
  end
  local set
  set, err = handle:set_refresh_token(answer.device_code)
  if not set then
    return nil, err
  end
  local interval = tonumber(answer.interval) or INTERVAL
  local login = {
    handle = handle,
    is_unwanted = is_unwanted,
    interval = interval >= LEAST_INTERVAL and interval or LEAST_INTERVAL, -- also where it is not a number
    ends = core.now() + (tonumber(answer.expires_in) or LIFETIME),
  }
  for _, name in ipairs(TEXTS) do
    login[name] = type(answer[name]) == "string" and answer[name] or nil
  end
  if not (login.message or login.user_code and login.verification_url) then
    return nil, core.error { category = "response_parsing", message = "the authority does not say what to do with its code" }
  end
  login.message = login.message or ("Open %s and enter the code %s."):format(login.verification_url, login.user_code)
  return setmetatable(login, Login)
end

return M
