-- SPDX-License-Identifier: MIT
--- Whether a secret can be read where none may be: in the errors and events of all clients of this process, and in
--- what the supports of the specs are given to look at: logs, journals, reports, answers, arguments of processes.
--- A secret is one that a client here was made with or granted, or anything that looks like a token of the sandbox.

local lfs = require "lfs"

local M = {}

local secrets = {}
local shown = {}
local journals = {} -- what they are opened as

--- The shortest that is looked for: a shorter one may be in a text by chance.
local SHORTEST = 16

--- How a token of the sandbox begins (partnercenter/sandbox/random.lua).
local TOKEN = ("[%w_-]"):rep(36) .. "%." .. ("[%w_-]"):rep(100)

---@param secret any
function M.remember(secret)
  if type(secret) == "string" and #secret >= SHORTEST then
    secrets[secret] = true
  end
end

local function secret_in(text)
  for secret in pairs(secrets) do
    if text:find(secret, 1, true) then
      return secret
    end
  end
  return text:match(TOKEN)
end

local function note(what, secret)
  if secret then
    shown[#shown + 1] = ("%s shows the secret %s..."):format(what, secret:sub(1, 8))
  end
end

--- Notes a secret that can be read in the value: a string, or a table of such.
---@param what string
---@param value any
function M.look(what, value, seen)
  seen = seen or {}
  if type(value) == "string" and #value >= SHORTEST then
    note(what, secret_in(value))
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    for name, field in pairs(value) do
      M.look(what, name, seen)
      M.look(what .. "." .. tostring(name), field, seen)
    end
  end
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a" or ""
  if file then
    file:close()
  end
  return text
end

--- Notes a secret that can be read in a file, where there is one.
function M.look_at_file(path)
  M.look(path, read(path))
end

--- The same of every file in a folder, but those of these names: a test has put them there.
---@param folder string
---@param but? table<string, boolean>
function M.look_in(folder, but)
  local listing = io.popen(("find '%s' -type f -size -4M 2> /dev/null"):format(folder))
  for path in listing:lines() do
    if not (but and but[path:match "[^/]*$"]) then
      M.look_at_file(path)
    end
  end
  listing:close()
end

--- The programs that a test itself gives a secret to: its shells, and the scripts of run.lua.
local OF_TESTS = { sh = true, env = true, tmux = true, curl = true }

local function is_of_test(program, text)
  return OF_TESTS[program] or text:find("tests/support/run.lua", 1, true)
end

--- The arguments of all processes, which are there for everybody to read.
function M.look_at_processes()
  for id in lfs.dir "/proc" do
    local text = id:find "^%d+$" and read("/proc/" .. id .. "/cmdline") or ""
    local program = text:gsub("%z.*", ""):match "[^/]*$"
    for secret in pairs(is_of_test(program, text) and {} or secrets) do
      if text:find(secret, 1, true) then
        note("the list of processes, of " .. program, secret)
      end
    end
  end
end

--- What was noted, which is forgotten.
---@return string[]
function M.take()
  local taken = shown
  shown = {}
  return taken
end

local function looked_at(what, ...)
  for i = 1, select("#", ...) do
    M.look(what, (select(i, ...)))
  end
  return ...
end

local function wrap(owner, name, what)
  local real = owner[name]
  owner[name] = function(...)
    return looked_at(what, real(...))
  end
end

local function watch_core()
  local core, methods = require "partnercenter.core", debug.getregistry()["partnercenter.core.client"]
  wrap(core, "error", "an error")
  wrap(core, "unsent", "the end of a call")
  wrap(methods, "error", "an error")
  wrap(methods, "result", "the end of a call")
  wrap(methods, "events", "an event")
  local take_token = methods.take_token
  methods.take_token = function(...)
    local seconds, token, refresh_token = take_token(...)
    if seconds then
      M.remember(token)
      M.remember(refresh_token)
    else
      M.look("an error", token)
    end
    return seconds, token, refresh_token
  end
end

local function watch_credentials()
  local credentials = require "partnercenter.credentials"
  local new = credentials.new
  function credentials.new(client, options)
    for _, name in ipairs { "client_secret", "refresh_token", "access_token" } do
      M.remember(options[name])
    end
    return new(client, options)
  end
end

local function watch_events()
  local methods = getmetatable(require "partnercenter.events".new(print))
  local tell = methods.tell
  function methods.tell(listener, client, ids, event)
    M.look("an event", event)
    return tell(listener, client, ids, event)
  end
end

--- The files of journals, which a test may have removed when it has ended.
function M.look_at_journals()
  for path in pairs(journals) do
    M.look_at_file(path)
    M.look_at_file(path .. "-wal")
  end
  journals = {}
end

local function watch_journals()
  local database = require "partnercenter.journal.database"
  local open = database.open
  function database.open(at)
    journals[at] = true
    return open(at)
  end
end

--- Looks at what clients of this process say from now on.
function M.watch()
  watch_journals()
  watch_core()
  watch_credentials()
  watch_events()
end

return M
