-- SPDX-License-Identifier: MIT
--- A Partner Center to try scripts on: real HTTP on this machine, inside this process.

local cjson = require "cjson.safe"
local core = require "partnercenter.core"
local options = require "partnercenter.options"
local random = require "partnercenter.sandbox.random"
local server = require "partnercenter.sandbox.server"

local json = cjson.new()

---@class partnercenter.Sandbox
---@field package server userdata
---@field package settings table
local Sandbox = {}
Sandbox.__index = Sandbox
Sandbox.__name = "partnercenter.sandbox"

local function check(sandbox, method)
  if getmetatable(sandbox) ~= Sandbox or not rawget(sandbox, "server") then
    error(("bad self of '%s' (sandbox expected, got %s): call it as sandbox:%s(...)")
      :format(method, type(sandbox), method), 3)
  end
  return sandbox.server
end

local function strings_only(headers)
  for name, value in pairs(headers) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return "must be strings by name"
    end
  end
end

--- Where to find a sandbox that listens on every address.
local LOOPBACK_OF = { ["0.0.0.0"] = "127.0.0.1", ["::"] = "::1" }

local START_OPTIONS = {
  { name = "host", types = "string", default = "127.0.0.1" },
  { name = "port", types = "number", default = 0, check = options.whole(0, 65535) },
  { name = "latency", types = "number", default = 0, check = options.seconds },
  { name = "vetting_time", types = "number", default = 2, check = options.seconds },
  { name = "token_lifetime", types = "number", default = 3600, check = options.seconds },
  { name = "rate_limit", types = "number", check = options.whole(1, 1000000) },
  { name = "customers", types = "number", default = 3, check = options.whole(0, 99999999) },
  { name = "unknown_customers", types = "boolean", default = true },
}

local FAIL_OPTIONS = {
  { name = "status", types = "number", check = options.whole(200, 599) },
  { name = "times", types = "number", default = 1, check = options.whole(1, 2 ^ 53) },
  { name = "body", types = "string" },
  { name = "headers", types = "table", check = strings_only },
  { name = "delay", types = "number", default = 0, check = options.seconds },
  { name = "path", types = "string", default = "" },
}

--- Starts a sandbox. README describes the options.
---@param start_options table?
---@return partnercenter.Sandbox? sandbox
---@return partnercenter.Error? err `bad_input` for bad data, `network` when it cannot listen
local function start(start_options)
  local values, problem = options.read(start_options, START_OPTIONS, 2)
  if not values then
    return nil, core.error { category = "bad_input", message = problem }
  end
  values.tenant_id, values.client_id = random.guid(), random.guid()
  values.client_secret, values.refresh_token = random.secret(), random.token()
  local started, message = server.start(values.host, ("%d"):format(values.port),
    package.path, package.cpath, json.encode(values))
  if not started then
    return nil, core.error { category = "network", message = message }
  end
  return setmetatable({ server = started, settings = values }, Sandbox)
end

local function address(sandbox, port)
  local host = LOOPBACK_OF[sandbox.settings.host] or sandbox.settings.host
  host = host:find(":", 1, true) and "[" .. host .. "]" or host
  return ("http://%s:%d"):format(host, port)
end

--- The address to give to `partnercenter.new` as `base_url`.
---@return string
function Sandbox:base_url()
  local port = check(self, "base_url"):port()
  return address(self, port)
end

--- The address to give to `partnercenter.new` as `login_url`.
---@return string
function Sandbox:login_url()
  local port = check(self, "login_url"):port()
  return address(self, port)
end

--- Options for `partnercenter.new` that reach this sandbox, with App+User credentials. Without the
--- `refresh_token` they are those of the app alone.
---@return table
function Sandbox:client_options()
  local port = check(self, "client_options"):port()
  return {
    base_url = address(self, port),
    login_url = address(self, port),
    tenant_id = self.settings.tenant_id,
    client_id = self.settings.client_id,
    client_secret = self.settings.client_secret,
    refresh_token = self.settings.refresh_token,
    allow_insecure_http = true,
  }
end

--- Makes the next answers failures, slow, or both.
---@param rule table `status` (the answer is this one, and the request has no effect; without it the
--- answer is the usual one), `times` (1), `body` (default: an error object), `headers`, `delay`
--- (seconds, 0), `path` (only requests whose path contains it; without one, only requests to the
--- service: those to the token authority are meant by a path such as "/oauth2/token")
function Sandbox:fail(rule)
  local handle = check(self, "fail")
  local values, problem = options.read(rule, FAIL_OPTIONS, 2)
  if values and not values.status and (values.body or values.headers) then
    problem = "body and headers go with a status"
  elseif values and not values.status and values.delay == 0 then
    problem = "a rule needs a status or a delay"
  end
  if problem then
    error(problem, 2)
  end
  handle:control("fail", json.encode(values))
end

local case_insensitive = {
  __index = function(headers, wanted)
    for name, value in pairs(headers) do
      if name:lower() == tostring(wanted):lower() then
        return value
      end
    end
  end,
}

--- The requests that have arrived, those to the token authority too, oldest first; the last 10,000
--- of them.
---@return table[] requests each `{ method, path, query, headers, body, time }`: `path` and `query` as
--- they were sent, percent-encoded; `headers` can be indexed in any letter case; `time` in seconds
--- since the epoch
function Sandbox:requests()
  local requests = json.decode(check(self, "requests"):control("requests", ""))
  for _, request in ipairs(requests) do
    setmetatable(request.headers, case_insensitive)
  end
  return requests
end

--- Ends the sandbox and its threads. A second stop does nothing.
function Sandbox:stop()
  check(self, "stop"):stop()
end

Sandbox.__close = Sandbox.stop

return { start = start }
