-- SPDX-License-Identifier: MIT
--- Starts examples/nginx/start for the specs.

local files = require "tests.support.files"
local servers = require "tests.support.servers"
local socket = require "socket"

local M = {}

local function lives(id)
  return require "tests.support.parent"(id)
end

--- The variables of a portal that is to use the sandbox.
---@param sandbox partnercenter.Sandbox
---@param more? table<string, string> others
function M.variables(sandbox, more)
  local variables = more or {}
  for name, value in pairs(sandbox:client_options()) do
    if type(value) == "string" and not (name == "refresh_token" and variables.PARTNERCENTER_REFRESH_TOKEN_FILE) then
      variables["PARTNERCENTER_" .. name:upper()] = value
    end
  end
  return variables
end

--- Starts the portal with these variables in its environment, and waits until it listens.
---@param variables? table<string, string>
---@return table portal `url`, `sandbox` (its address, where it started one), `log()` (nginx's error log),
--- `output()`, `stop()`
function M.start(variables)
  local port = servers.free_port()
  local settings = { ("STAGE='%s'"):format(os.getenv "STAGE") }
  for name, value in pairs(variables or {}) do
    settings[#settings + 1] = ("%s='%s'"):format(name, value)
  end
  local output = os.tmpname()
  local process = io.popen(("env %s examples/nginx/start %d > %s 2>&1 < /dev/null & echo $!")
    :format(table.concat(settings, " "), port, output))
  local id = process:read "*l"
  process:close()
  local portal = { url = ("http://127.0.0.1:%d"):format(port) }

  function portal.output()
    return files.read(output)
  end

  function portal.log()
    return files.read(("build/example-nginx/%d/logs/error.log"):format(port))
  end

  --- Ends it with the signal (that of Ctrl-C), and waits until it has ended.
  function portal.stop(signal)
    os.execute(("kill -%s %s"):format(signal or "INT", id))
    while lives(id) do
      socket.sleep(0.02)
    end
    os.execute(("rm -r %s build/example-nginx/%d"):format(output, port))
  end

  while not socket.connect("127.0.0.1", port) do
    assert(lives(id), portal.output())
    socket.sleep(0.05)
  end
  portal.sandbox = portal.output():match "A sandbox: +(%S+)"
  return portal
end

return M
