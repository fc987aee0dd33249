-- SPDX-License-Identifier: MIT
--- An access token from the token authority (Entra ID): with a refresh token for App+User credentials,
--- without one for the app alone. However many calls need a token at the same time, one is asked for;
--- the request belongs to the client, and the calls are parked until it has ended. In nginx the script's
--- functions may let others run: what was true before such a call is looked at again behind it.

local asking = require "partnercenter.credentials.asking"
local cache = require "partnercenter.credentials.cache"
local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local expiry = require "partnercenter.credentials.expiry"
local nginx = require "partnercenter.host".nginx
local parked = require "partnercenter.credentials.parked"
local token_event = require "partnercenter.credentials.token_event"

---@class partnercenter.Authority: partnercenter.Credentials
---@field package renew_at number by core.now()
---@field package renewal userdata|false the core's call that asks for a token
---@field package asking partnercenter.Asking the script for the refresh token
---@field package parked partnercenter.Parked the calls that wait for it
local Authority = {}
Authority.__index = Authority

--- Whether there is a token that calls can be sent with.
function Authority:has_token()
  return core.now() < self.renew_at
end

--- Takes a token that another client has left in the cache.
---@return boolean taken
---@return partnercenter.Error? err
function Authority:take_cached(call)
  if not self.cache then
    return false
  end
  local handle, begun = self.client.core, core.now()
  local token, seconds, err = self.cache:get(self.refused)
  if self:has_token() then
    return true
  end
  local taken = token and handle:is_open() and handle:set_access_token(token)
  if taken then
    self.renew_at = core.now() + seconds
  end
  if taken or err then
    token_event.tell(self.client, { handle:id(call) }, "token_cache", begun, taken and seconds, err)
  end
  return taken, err
end

--- Asks the script for the refresh token, where it keeps it.
---@return boolean? ok
---@return partnercenter.Error? err
function Authority:ask_refresh_token()
  local handle = self.client.core
  local ok, token, reason = self.asking:ask(self.refresh_token)
  if not ok then
    return nil, callback.error(handle, "refresh_token", token)
  elseif type(token) ~= "string" then
    local what = token ~= nil and ("a %s, not a string"):format(type(token))
      or reason ~= nil and "no token: " .. callback.text_of(reason) or "no token"
    return nil, handle:error { category = "unauthorized", message = "the refresh_token function returned " .. what }
  elseif not handle:is_open() then -- the function has closed it
    return nil, callback.closed()
  end
  return handle:set_refresh_token(token)
end

--- Asks the authority for a token, unless somebody else has done so while the script was asked.
---@return boolean? begun
---@return partnercenter.Error? err
function Authority:begin_renewal()
  local handle = self.client.core
  if self.refresh_token then
    local ok, err = self:ask_refresh_token()
    if not ok then
      self.parked:release(self.parked:take(), err) -- those that the function has started
      return nil, err
    elseif self.renewal or self:has_token() then
      return true
    end
  end
  local renewal, begun = handle:prepare_token(), core.now()
  local id = handle:begin(renewal, true)
  self.client.waiters[id] = self
  handle:submit_token(renewal)
  self.renewal, self.begun = renewal, begun -- last: where memory runs out above, nobody waits for it
  return true
end

--- Gives to the cache what was granted and tells the script of a new refresh token.
---@return partnercenter.Error? err what one of the script's functions raised
function Authority:hand_on(usable, token, refresh_token)
  local err = self.cache and self.cache:set(token, usable)
  if refresh_token and self.on_refresh_token then
    local ok, raised = callback.run(self.client, self.on_refresh_token, refresh_token)
    err = not ok and callback.error(self.client.core, "on_refresh_token", raised) or err
  end
  return err
end

--- Gives calls what was granted, or why nothing was.
function Authority:serve(calls, id, told, begun, seconds, token, refresh_token)
  local usable, err = seconds and expiry.usable(seconds), token
  if usable then
    err = self:hand_on(usable, token, refresh_token)
  end
  local ids = self.parked:ids_of(calls)
  token_event.tell_pauses(self.client, ids, id, told)
  token_event.tell(self.client, ids, self.flow, begun, seconds, err)
  self.parked:release(calls, err)
end

--- Takes what the authority has answered.
function Authority:end_renewal()
  local handle, renewal, begun = self.client.core, self.renewal, self.begun
  self.renewal = false
  local calls = self.parked:take()
  local id, told = handle:id(renewal), handle:events(renewal)
  local seconds, token, refresh_token = handle:take_token(renewal)
  local usable = seconds and expiry.usable(seconds)
  if usable then
    self.renew_at, self.refused = core.now() + usable, nil
  end
  local function serve()
    self.parked:guard(calls, self.serve, self, calls, id, told, begun, seconds, token, refresh_token)
  end
  if nginx then
    nginx.apart(serve)
  else
    serve()
  end
end

--- The request for a token has ended. The visitor in whose request we are told may go away at any time:
--- what runs functions of the script does not depend on him.
function Authority:wake()
  self.parked:guard(self.parked.calls, self.end_renewal, self)
end

--- Takes what the authority has answered where nobody could be told of it, when memory ran out.
function Authority:catch_up()
  local handle, renewal = self.client.core, self.renewal
  if renewal and handle:state(renewal) == "done" and not self.client.waiters[handle:id(renewal)] then
    self:wake()
  end
end

--- Lets the call wait for a token.
---@return boolean? parked or, where there is a token meanwhile, submitted
---@return partnercenter.Error? err
function Authority:park(call)
  if self.asking:would_wait_for_itself(call) then
    return nil, core.error {
      category = "unauthorized",
      message = "the refresh_token function made a call of the client that waits for its token",
    }
  elseif not self.renewal and not self.asking:is_under_way() then
    local begun, err = self:begin_renewal()
    if not begun then
      return nil, err
    elseif self:has_token() then
      self.parked:release(self.parked:take())
      self.client.core:submit(call)
      return true
    end
  end
  self.parked:add(call)
  return true
end

function Authority:send(call, refused)
  local handle = self.client.core
  self:catch_up()
  if refused then
    handle:repeat_call(call)
    if handle:is_access_token(refused) then
      self.renew_at, self.refused = -math.huge, refused
    end
  end
  local has_token, err = self:has_token(), nil
  if not has_token then
    has_token, err = self:take_cached(call)
  end
  if err then
    return nil, err
  elseif not handle:is_open() then -- a function of the script's has closed it
    return nil, callback.closed()
  elseif not has_token then
    return self:park(call)
  end
  handle:submit(call)
  return true
end

function Authority:take_failure(call)
  return self.parked:take_failure(call)
end

local M = {}

---@param client partnercenter.Client
---@param options table
---@return partnercenter.Credentials
function M.new(client, options)
  local flow = options.refresh_token and "refresh_token" or "client_credentials"
  return setmetatable({
    client = client,
    flow = flow,
    refresh_token = type(options.refresh_token) == "function" and options.refresh_token or nil,
    on_refresh_token = options.on_refresh_token,
    cache = cache.new(client, options.token_cache, flow),
    renew_at = -math.huge,
    asking = asking.new(client),
    renewal = false,
    begun = 0,
    parked = parked.new(client),
  }, Authority)
end

return M
