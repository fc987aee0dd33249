-- SPDX-License-Identifier: MIT
--- `partnercenter login`: a person logs in at another device, and the refresh token is kept.

local credentials_file = require "partnercenter.command.credentials_file"
local device_code = require "partnercenter.credentials.device_code"
local output = require "partnercenter.command.output"
local partnercenter = require "partnercenter"
local settings = require "partnercenter.command.settings"
local signals = require "partnercenter.command.signals"
local status = require "partnercenter.command.status"
local terminal = require "partnercenter.command.terminal"

local M = {}

--- What is used to log in, and stored with the refresh token.
local USED = { "cloud", "base_url", "login_url", "tenant_id", "client_id", "client_secret" }

--- Waits until the person has logged in.
---@return string? refresh_token
---@return partnercenter.Error? err of no interest where a signal has come
local function wait(login)
  while signals.sleep(login.interval) do
    local token, err = login:poll()
    if token or err then
      return token, err
    end
  end
end

local function store(values, token)
  values.refresh_token = token
  local path, problem = credentials_file.write(values)
  if not path then
    output.complain("the credentials cannot be stored: " .. problem)
    return status.FAILED
  end
  output.say("Logged in. The credentials are in " .. path .. ", for you alone.", "green")
  for _, name in ipairs { "access_token", "refresh_token" } do
    local variable = credentials_file.variable(name)
    if (os.getenv(variable) or "") ~= "" then
      output.say(variable .. " is set, and wins over what was stored.", "yellow")
    end
  end
  return status.DONE
end

--- Logs in with an app.
local function log_in(client, values, out)
  local login, err = device_code.begin(client, signals.caught)
  local token
  if login then
    out:line(terminal.plain(login.message))
    token, err = wait(login)
  end
  if token then
    return store(values, token)
  elseif not signals.caught() then
    output.complain(err)
    return status.of(err)
  end
  output.complain "interrupted: nothing was stored"
  return status.INTERRUPTED
end

---@param out partnercenter.Output
---@return integer status
function M.run(_, out)
  local found, problem = settings.read(true)
  local values, client, err = {}, nil, nil
  for _, name in ipairs(found and USED or {}) do
    values[name] = found[name]
  end
  if found then
    client, err = partnercenter.new(values)
  end
  if not client then
    output.complain(problem or err.message)
    return status.CREDENTIALS
  end
  local ended = log_in(client, values, out)
  client:close()
  return ended
end

return M
