-- SPDX-License-Identifier: MIT
--- Runs the installed command as a process of its own, against a sandbox in this one.

local shown_secrets = require "tests.support.shown_secrets"
local socket = require "socket"

local M = {}

local COMMAND = ("%s %s/bin/partnercenter"):format(os.getenv "LUA", os.getenv "STAGE")

local VARIABLES = {
  "CLOUD", "BASE_URL", "LOGIN_URL", "TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "ACCESS_TOKEN",
}

function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a shell command and returns what it printed.
function M.shell(text)
  local process = assert(io.popen(text))
  local output = process:read "*a"
  process:close()
  return output
end

function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

--- The same; empty where there is no such file.
function M.read_or_nothing(path)
  local ok, text = pcall(M.read, path)
  return ok and text or ""
end

function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

--- A folder of its own for a spec, whose `configuration` is the user's.
function M.folder()
  return M.shell "mktemp -d":match "%S+"
end

--- What may hold secrets there: the file of `login`, what a shell was given, and what was looked at before.
local HOLDS_SECRETS = { credentials = true, command = true, script = true, out = true }

function M.remove(folder)
  shown_secrets.look_in(folder, HOLDS_SECRETS)
  os.execute("rm -rf " .. M.quote(folder))
end

--- The environment of the command, for a shell. The settings are those of a client.
local function environment(folder, settings, more)
  local absent, present = {}, { "XDG_CONFIG_HOME=" .. M.quote(folder .. "/configuration"), more }
  for _, name in ipairs(VARIABLES) do
    local value = settings[name:lower()]
    if value then
      present[#present + 1] = ("PARTNERCENTER_%s=%s"):format(name, M.quote(value))
    else
      absent[#absent + 1] = "-u PARTNERCENTER_" .. name
    end
  end
  -- A shell lets its background jobs ignore SIGINT.
  return ("env --default-signal=INT -u LUA_PATH -u LUA_CPATH -u NO_COLOR %s %s")
    :format(table.concat(absent, " "), table.concat(present, " "))
end

--- The command with its arguments, for a shell.
function M.command(folder, settings, arguments, more)
  for _, value in pairs(settings) do
    shown_secrets.remember(value)
  end
  return ("%s %s %s"):format(environment(folder, settings, more), COMMAND, arguments)
end

--- The sandbox is there to tell its own.
local function looked_at(arguments, output, errors)
  shown_secrets.look("the output of " .. arguments, not arguments:find "^sandbox" and output)
  shown_secrets.look("the errors of " .. arguments, errors)
  return output, errors
end

--- Runs the command to its end.
---@param redirection string? of standard input
---@param more string? more variables of the environment
---@return integer status
---@return string output
---@return string errors
function M.run(folder, settings, arguments, redirection, more)
  local text = ("%s > %s/out %s 2> %s/err; echo $?"):format(M.command(folder, settings, arguments, more), folder,
    redirection or "< /dev/null", folder)
  local status = tonumber(M.shell(text))
  return status, looked_at(arguments, M.read(folder .. "/out"), M.read(folder .. "/err"))
end

--- Starts the command in the background.
---@param input string? the path of what standard input is
---@return table process `pid`, `signal(name)`, `wait()` -> status, output, errors
function M.start(folder, settings, arguments, input)
  os.remove(folder .. "/status")
  os.remove(folder .. "/pid")
  M.write(folder .. "/command", ("echo $$ > %s/pid\nexec %s\n"):format(folder, M.command(folder, settings, arguments)))
  os.execute((("(sh DIR/command > DIR/out 2> DIR/err < INPUT; echo $? > DIR/status.new; mv DIR/status.new DIR/status) "
    .. "> /dev/null 2>&1 &"):gsub("DIR", folder):gsub("INPUT", input or "/dev/null")))
  M.wait_for(function()
    return M.read_or_nothing(folder .. "/pid"):find "%d\n"
  end)
  local process = { pid = tonumber(M.read(folder .. "/pid")) }

  function process.signal(name)
    os.execute(("kill -%s %d"):format(name, process.pid))
  end

  function process.wait()
    M.wait_for(function()
      return M.read_or_nothing(folder .. "/status"):find "%d"
    end)
    return tonumber(M.read(folder .. "/status")), looked_at(arguments, M.read(folder .. "/out"), M.read(folder .. "/err"))
  end

  return process
end

--- Waits until the function returns a value that is true. `describe` tells how things stand where it does not.
function M.wait_for(condition, describe)
  local ends = socket.gettime() + 30
  repeat
    local value = condition()
    if value then
      return value
    end
    socket.sleep(0.02)
  until socket.gettime() > ends
  error("it did not happen" .. (describe and ":\n" .. describe() or ""), 2)
end

--- A customer's id.
function M.customer(number)
  return ("%08x-0000-4000-8000-000000000000"):format(number)
end

--- Writes a CSV file of customers from one number to another.
function M.write_csv(path, first, last, website)
  local lines = { "customer_id,qualification,education_segment,website" }
  for number = first, last do
    lines[#lines + 1] = ("%s,Education,K12,%s"):format(M.customer(number), website or "x" .. number .. ".example")
  end
  M.write(path, table.concat(lines, "\n") .. "\n")
end

local terminals = 0

--- A terminal that runs a shell command. Each has a server of its own: one that is being killed takes no
--- new sessions.
---@return table terminal `keys(...)`, `text()`, `colours()` (the text with escape sequences), `stop()`
function M.terminal(folder, text, columns)
  terminals = terminals + 1
  local tmux = ("tmux -S %s/tmux%d -f /dev/null"):format(folder, terminals)
  local script = folder .. "/script"
  M.write(script, "trap : INT\n" .. text .. "\necho \"[$?]\"\nsleep 60\n")
  assert(os.execute(("%s new-session -d -x %d -y 40 'TERM=screen-256color sh %s'"):format(tmux, columns or 100, script)))
  local terminal = {}

  function terminal.keys(...)
    os.execute(tmux .. " send-keys " .. table.concat({ ... }, " "))
  end

  function terminal.text()
    local shown = M.shell(tmux .. " capture-pane -p 2> /dev/null")
    shown_secrets.look("the terminal", shown)
    return shown
  end

  function terminal.colours()
    return M.shell(tmux .. " capture-pane -p -e")
  end

  function terminal.wait_for(pattern)
    return M.wait_for(function() return terminal.text():match(pattern) end, terminal.text)
  end

  function terminal.stop()
    os.execute(tmux .. " kill-server 2> /dev/null")
    terminal.text = function() return "" end
  end

  return terminal
end

return M
