-- SPDX-License-Identifier: MIT
--- Where the service is and who asks, from the environment and the credentials file; and a client of that.

local credentials_file = require "partnercenter.command.credentials_file"
local output = require "partnercenter.command.output"
local partnercenter = require "partnercenter"
local reworded = require "partnercenter.command.reworded"

local M = {}

local ADDRESSES = { "cloud", "base_url", "login_url" }
local IDENTITY = { "tenant_id", "client_id" }
local SECRETS = { "client_secret", "refresh_token" }

local DEFAULTS = { cloud = "global" }

local function environment()
  local values = {}
  for _, name in ipairs(credentials_file.NAMES) do
    local value = os.getenv(credentials_file.variable(name))
    values[name] = value ~= "" and value or nil
  end
  return values
end

--- Whether the environment says where and as whom: then the file is not looked at.
local function is_complete(values, is_for_login)
  local is_app = values.tenant_id and values.client_id and values.client_secret
  local is_known = is_for_login and is_app or not is_for_login and (values.access_token or is_app and values.refresh_token)
  return (values.cloud or values.base_url) and is_known and true or false
end

--- Whether both are of the same app of the same tenant, as far as they say: one's secrets are not sent in
--- the other's name, nor anywhere else.
local function agree(given, kept)
  for _, names in ipairs { IDENTITY, ADDRESSES } do
    for _, name in ipairs(names) do
      local one, other = given[name], kept[name]
      if one and one:lower() ~= (other or DEFAULTS[name] or ""):lower() then
        return false
      end
    end
  end
  return true
end

local function copy(names, from, to)
  for _, name in ipairs(names) do
    to[name] = to[name] or from[name]
  end
end

--- The environment's access token is all that is needed to know; where the service is may be in the file.
local function with_access_token(given, kept)
  local values = { access_token = given.access_token }
  copy(ADDRESSES, given, values)
  if next(values, next(values)) == nil then
    copy(ADDRESSES, kept, values)
  end
  return values
end

--- What the file adds to the settings of the environment.
local function complete(values, kept)
  if agree(values, kept) then
    values.is_kept = not values.refresh_token and kept.refresh_token ~= nil
    for _, names in ipairs { ADDRESSES, IDENTITY, SECRETS } do
      copy(names, kept, values)
    end
    local has_app = values.tenant_id or values.client_id or values.client_secret
    values.access_token = not has_app and kept.access_token or nil
  end
  return values
end

--- The settings: those of the environment, and those of the file where it has no other.
---@param is_for_login? boolean an access token is of no use then
---@return table? values and `is_kept`: the refresh token is that of the file
---@return string? problem
function M.read(is_for_login)
  local values = environment()
  local kept, problem = {}, nil
  if not is_complete(values, is_for_login) then
    kept, problem = credentials_file.read()
  end
  if not kept then
    return nil, problem
  elseif is_for_login then
    values.access_token = nil
  elseif values.access_token then
    return with_access_token(values, kept)
  end
  return complete(values, kept)
end

--- What the file has now, where it is still of the same app: somebody may have logged in as another.
---@return table? kept
---@return string? problem
local function read_again(values)
  local kept, problem = credentials_file.read()
  if kept and not (agree(values, kept) and agree(kept, values)) then
    return nil, "the credentials file is another app's by now"
  end
  return kept, problem
end

--- Reads the refresh token anew, since others may have had it renewed.
local function kept_refresh_token(values)
  local kept, problem = read_again(values)
  return kept and kept.refresh_token, problem or "the credentials file has no refresh token any more"
end

--- Keeps a new refresh token. Where that fails the old one stays good for a while.
local function keep_refresh_token(values, token)
  local kept, problem = read_again(values)
  if kept then
    kept.refresh_token = token
    kept, problem = credentials_file.write(kept)
  end
  if not kept then
    output.complain("the new refresh token could not be kept: " .. tostring(problem))
  end
end

--- The options of a client for the settings.
function M.client_options(values)
  local options = { application_name = "partnercenter command" }
  for _, name in ipairs(credentials_file.NAMES) do
    options[name] = values[name]
  end
  if values.is_kept then
    options.refresh_token = function() return kept_refresh_token(values) end
    options.on_refresh_token = function(token) keep_refresh_token(values, token) end
  end
  return options
end

--- What to do about settings that are missing, or refused.
M.HINT = "Set the PARTNERCENTER_ variables (see `man partnercenter`), or run `partnercenter login`."

--- A problem with the options of a client in the words of the variables: the command has no option for insecure http.
local function as_variables(message)
  local variables = {}
  for _, name in ipairs(credentials_file.NAMES) do
    variables[name] = credentials_file.variable(name)
  end
  return (reworded(message, variables):gsub(", or set allow_insecure_http", ""))
end

--- Makes the client.
---@param more? table further options
---@return partnercenter.Client? client
---@return string? problem with the credentials
function M.client(more)
  local values, problem = M.read()
  if not values then
    return nil, problem
  end
  local options = M.client_options(values)
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  local client, err = partnercenter.new(options)
  if not client then
    return nil, as_variables(err.message) .. "\n" .. M.HINT
  end
  return client
end

return M
