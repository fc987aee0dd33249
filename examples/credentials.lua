-- SPDX-License-Identifier: MIT
--- A client for whoever the environment says, whose refresh token outlives the script.
---
---     lua5.4 examples/credentials.lua          makes the client and one harmless call with it
---
--- In a script of yours: `local client = dofile "examples/credentials.lua" ()`. The examples give it a
--- table: without any of these settings, where an empty one counts as absent, it is then the client of a
--- sandbox in the script's own process, and says so.
---
---     PARTNERCENTER_TENANT_ID, PARTNERCENTER_CLIENT_ID, PARTNERCENTER_CLIENT_SECRET
---     PARTNERCENTER_REFRESH_TOKEN        without it the credentials are those of the app alone
---     PARTNERCENTER_REFRESH_TOKEN_FILE   where the current refresh token is kept, and read from then on
---     PARTNERCENTER_ACCESS_TOKEN         a token that is there already, in the place of all these
---     PARTNERCENTER_CLOUD, or PARTNERCENTER_BASE_URL and PARTNERCENTER_LOGIN_URL

local partnercenter = require "partnercenter"

local CREDENTIALS = { "tenant_id", "client_id", "client_secret", "refresh_token" }
local ADDRESSES = { "cloud", "base_url", "login_url" }

local function setting(name)
  local value = os.getenv("PARTNERCENTER_" .. name:upper())
  return value ~= "" and value or nil
end

--- The first line of a file; nil where there is none.
local function read_line(path)
  local file = io.open(path)
  local line = file and file:read "*l"
  if file then
    file:close()
  end
  return line ~= "" and line or nil
end

--- Writes a line to a file that nobody else can read. Whatever happens meanwhile, the file holds the
--- old line or the new one. Raises where that cannot be done.
local function write_line(path, line)
  local new = path .. ".new"
  local quoted = "'" .. new:gsub("'", "'\\''") .. "'"
  os.execute(("rm -f -- %s && umask 077 && : > %s"):format(quoted, quoted))
  local file = assert(io.open(new, "r+")) -- "r+": one that the shell has made with mode 0600
  assert(file:write(line, "\n"))
  assert(file:close())
  os.execute("sync -- " .. quoted)
  assert(os.rename(new, path))
end

--- The settings with these names, in a table.
local function settings(names, options)
  for _, name in ipairs(names) do
    options[name] = setting(name)
  end
  return options
end

--- Ends the script.
local function fail(err)
  io.stderr:write(tostring(err), "\n")
  os.exit(1, true)
end

--- Lets the refresh token live in the file. It is read at each renewal, so that several scripts can
--- share it.
local function keep_refresh_token(options, path)
  local given = options.refresh_token
  if not given and not read_line(path) then
    fail("PARTNERCENTER_REFRESH_TOKEN_FILE: there is no refresh token in " .. path)
  end
  options.refresh_token = function() return read_line(path) or given end
  options.on_refresh_token = function(token) write_line(path, token) end
end

--- Makes a client, or ends the script where the settings are not good for one.
---@param sandbox_options? table of the sandbox that is started where the environment says nothing; without it that
--- is an error
---@return partnercenter.Client client its field `sandbox` is the sandbox, where that is so
local function connect(sandbox_options)
  local options = settings(ADDRESSES, { access_token = setting "access_token" })
  if not options.access_token then
    settings(CREDENTIALS, options)
  end
  local path, sandbox = setting "refresh_token_file", nil
  if sandbox_options and next(options) == nil and not path then
    io.stderr:write "There are no PARTNERCENTER_... settings: this is a sandbox.\n"
    local problem
    sandbox, problem = require "partnercenter.sandbox".start(sandbox_options)
    options = sandbox and sandbox:client_options() or fail(problem)
  elseif path and not options.access_token then
    keep_refresh_token(options, path)
  end
  local client, err = partnercenter.new(options)
  if not client then
    fail(err)
  end
  client.sandbox = sandbox -- which ends when nobody holds it
  return client
end

if not (arg and arg[0] and arg[0]:find "credentials%.lua$") then
  return connect
end

local client = connect {}
local codes, err, meta = client:get_validation_codes()
client:close()
if not codes then
  fail(err)
end
print(("The credentials are good for %s, which answered in %.0f ms."):format(
  client.sandbox and "a sandbox" or setting "base_url" or "Partner Center", meta.elapsed * 1000))
