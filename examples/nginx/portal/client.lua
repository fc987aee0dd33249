-- SPDX-License-Identifier: MIT
--- The client of this worker: one for all visitors, made of the environment when the worker starts.

local partnercenter = require "partnercenter"
local token_file = require "portal.token_file"

--- What can be said in the environment, as PARTNERCENTER_TENANT_ID and so on.
local NAMES = {
  "cloud", "base_url", "login_url", "tenant_id", "client_id", "client_secret", "refresh_token", "access_token",
}

local ENVIRONMENT = "The portal is told in the environment who it is: PARTNERCENTER_TENANT_ID, PARTNERCENTER_CLIENT_ID, "
  .. "PARTNERCENTER_CLIENT_SECRET, and PARTNERCENTER_REFRESH_TOKEN or PARTNERCENTER_REFRESH_TOKEN_FILE. They must be set "
  .. "where nginx is started, and each needs its line 'env PARTNERCENTER_...;' in nginx.conf, since nginx clears the "
  .. "environment of its workers"

--- An empty variable counts as absent.
local function variable(name)
  local value = os.getenv("PARTNERCENTER_" .. name:upper())
  return value ~= "" and value or nil
end

--- What happens to the calls, a line of nginx's error log each. No secret is in an event.
local function log(event)
  local is_usual = event.type == "request" or event.type == "response" or event.type == "token" and not event.category
  ngx.log(is_usual and ngx.INFO or ngx.WARN, "partnercenter ", event.type,
    " operation=", event.operation or "-", " customer=", event.customer_id or "-", " attempt=", event.attempt or "-",
    " status=", event.status or "-", " category=", event.category or "-",
    " elapsed=", event.elapsed or "-", " pause=", event.pause or event.retry_after or "-",
    " request_id=", event.request_id or "-")
end

--- Keeps the refresh token in a file, where each worker finds the one that the authority gave last.
local function keep_in_file(options, path)
  options.refresh_token = function()
    return token_file.read(path)
  end
  options.on_refresh_token = function(token)
    local written, problem = token_file.write(path, token)
    if not written then -- the one in the file stays good for a while
      ngx.log(ngx.ERR, "the new refresh token cannot be kept: ", problem)
    end
  end
end

local function options_of_environment()
  local options = {
    application_name = "portal",
    token_cache = ngx.shared.partnercenter_tokens,
    on_event = log,
    -- The visitor is answered before a proxy in front of this server gives up, 60 seconds mostly.
    timeout = 20,
    deadline = 50,
    max_retry_after = 10,
  }
  for _, name in ipairs(NAMES) do
    options[name] = variable(name)
  end
  local path = variable "refresh_token_file"
  if options.access_token then -- it is enough; the library takes either it or the others
    options.tenant_id, options.client_id, options.client_secret, options.refresh_token = nil, nil, nil, nil
  elseif path then
    keep_in_file(options, path)
  end
  return options
end

local M = {}

local client

--- Makes the client, when the worker starts. Nothing is sent yet.
function M.open()
  local err
  client, err = partnercenter.new(options_of_environment())
  if not client then
    ngx.log(ngx.ERR, tostring(err), ". ", ENVIRONMENT)
  end
end

--- The client; nil where the environment was not enough for one.
---@return partnercenter.Client?
function M.get()
  return client
end

return M
