-- SPDX-License-Identifier: MIT
--- A token that several clients share, in an object of the script's such as a `lua_shared_dict`. What
--- is kept is the time at which the token has to be renewed, in whole seconds since the epoch, since how
--- a fraction is written depends on the locale of the process; and the token.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"

---@class partnercenter.TokenCache
local Cache = {}
Cache.__index = Cache

--- Calls a method of the object.
---@return boolean ok
---@return any value or, where it is not ok, an error
function Cache:call(method, ...)
  local object = self.object
  local ok, value = callback.run(self.client, object[method], object, ...)
  if not ok then
    return false, callback.error(self.client.core, "token_cache:" .. method, value)
  end
  return true, value
end

--- A token that can still be used, and for how many seconds; nil where there is none.
---@param refused string? a token that is not to be used again
---@return string? token
---@return number? seconds
---@return partnercenter.Error? err
function Cache:get(refused)
  local ok, value = self:call("get", self.key)
  if not ok then
    return nil, nil, value
  end
  local renew_on, token
  if type(value) == "string" then
    renew_on, token = value:match "^(%d+) (.+)$"
  end
  local seconds = renew_on and tonumber(renew_on) - core.time()
  if seconds and seconds > 0 and token ~= refused then
    return token, seconds
  end
end

--- Keeps a token for so many seconds.
---@return partnercenter.Error? err
function Cache:set(token, seconds)
  if seconds > 0 then
    local ok, err = self:call("set", self.key, ("%.0f %s"):format(math.floor(core.time() + seconds), token), seconds)
    return not ok and err or nil
  end
end

local M = {}

local function methods_of(object)
  return object.get, object.set
end

--- Whether the object can be a cache: anything with the two methods. (There is no function made for it: when memory
--- runs out, that is no fault of the object's.)
function M.is_one(object)
  local ok, get, set = pcall(methods_of, object)
  return ok and get ~= nil and set ~= nil
end

--- The cache that a script gave; nil where it gave none.
---@param client partnercenter.Client
---@param object table|userdata|nil with `get(key)` and `set(key, value, seconds)`
---@param flow string
---@return partnercenter.TokenCache?
function M.new(client, object, flow)
  if not object then
    return nil
  end
  local about = client.core:about()
  -- Which token it is, and no secret.
  local key = table.concat({ "partnercenter", flow, about.login_url, about.tenant_id, about.client_id, about.base_url }, " ")
  return setmetatable({ client = client, object = object, key = key }, Cache)
end

return M
