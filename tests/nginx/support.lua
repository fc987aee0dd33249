-- SPDX-License-Identifier: MIT
--- nginx with the library in it, visitors who come at the same time, and what its processes hold.
--- STAGE is where the library was installed.

local cjson = require "cjson.safe"
local lfs = require "lfs"
local servers = require "tests.support.servers"
local shown_secrets = require "tests.support.shown_secrets"
local socket = require "socket"

local M = {}

M.CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

--- What the handlers find in their globals.
local PRELUDE = [[
  cjson = require "cjson.safe"
  partnercenter = require "partnercenter"
  CUSTOMER = "%s"
  options = %s
  options.token_cache = ngx.shared.tokens
  function new_client(more)
    local own = {}
    for name, value in pairs(options) do own[name] = value end
    for name, value in pairs(more or {}) do own[name] = value or nil end
    return assert(partnercenter.new(own))
  end
  function facts(result, err, meta)
    return { result = result, err = err, meta = meta, text = err and tostring(err), worker = ngx.worker.pid() }
  end
  function tell(...)
    ngx.print(cjson.encode(facts(...)))
  end
]]

local HTTP = [[
  lua_package_path '%s/share/lua/5.1/?.lua;;';
  lua_package_cpath '%s/lib/lua/5.1/?.so;;';
  lua_shared_dict tokens 1m;
  lua_socket_log_errors on;
  %s
  init_by_lua_block { %s %s }
  server {
    listen 127.0.0.1:PORT %s;
    location = /worker { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
    location = /call { content_by_lua_block { tell(client:get_customer(CUSTOMER)) } }
    %s
  }
]]

M.MODULES = "load_module /usr/lib/nginx/modules/ndk_http_module.so;"
  .. " load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;"

--- The longest that anything is waited for, in seconds.
local PATIENCE = 30

M.decode = cjson.decode

--- A table of strings, numbers and booleans as Lua code.
local function literal(values)
  local fields = {}
  for name, value in pairs(values) do
    fields[#fields + 1] = (type(value) == "string" and "%s = %q" or "%s = %s"):format(name, tostring(value))
  end
  return ("{ %s }"):format(table.concat(fields, ", "))
end

--- Waits until the function returns something.
function M.eventually(fn, what)
  local until_time = socket.gettime() + PATIENCE
  repeat
    local value = fn()
    if value then
      return value
    end
    socket.sleep(0.01)
  until socket.gettime() > until_time
  error((what or "what was waited for") .. " has not come", 2)
end

local function count(directory)
  local entries = 0
  if not lfs.attributes(directory) then
    return 0
  end
  for name in lfs.dir(directory) do
    entries = entries + (name:match "^%.+$" and 0 or 1)
  end
  return entries
end

local function read(path)
  local file = io.open(path)
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

--- What a process holds: `threads`, `descriptors`, and `memory` (resident, in KiB).
function M.holds(pid)
  return {
    threads = count(("/proc/%d/task"):format(pid)),
    descriptors = count(("/proc/%d/fd"):format(pid)),
    memory = tonumber((read(("/proc/%d/status"):format(pid)) or ""):match "VmRSS:%s*(%d+)"),
  }
end

--- The files of the library that somebody has left in the temporary folders.
function M.left_behind()
  local names = {}
  for _, directory in ipairs { "/tmp", "/dev/shm", "/var/tmp", "/run" } do
    for name in lfs.dir(directory) do
      if name:match "^partnercenter%.%w%w%w%w%w%w$" then
        names[#names + 1] = directory .. "/" .. name
      end
    end
  end
  return names
end

local Visitor = {}
Visitor.__index = Visitor

--- Reads what has come; true at the end of the answer.
function Visitor:read()
  local text, problem, part = self.connection:receive(65536)
  self.text = self.text .. (text or part or "")
  return problem and problem ~= "timeout"
end

--- The answer: `status` (nil where there was none), `body`, `index`.
function Visitor:answer()
  self.connection:close()
  local status, body = self.text:match "^HTTP/%S+ (%d+).-\r\n\r\n(.*)$"
  shown_secrets.look(self.path, body)
  return { status = tonumber(status), body = body, index = self.index, path = self.path }
end

--- The answers to visitors, in the order in which they come.
local function answers_to(visitors)
  local sockets, answers = {}, {}
  for i, visitor in ipairs(visitors) do
    visitor.index = i
    visitor.connection:settimeout(0)
    sockets[i] = visitor.connection
    sockets[visitor.connection] = visitor
  end
  while #sockets > 0 do
    local readable = socket.select(sockets, nil, PATIENCE)
    assert(#readable > 0, "there is no answer to " .. sockets[sockets[1]].path)
    for _, ready in ipairs(readable) do
      if sockets[ready]:read() then
        answers[#answers + 1] = sockets[ready]:answer()
        for i = #sockets, 1, -1 do
          if sockets[i] == ready then
            table.remove(sockets, i)
          end
        end
      end
    end
  end
  return answers
end

--- Waits for the answer.
function Visitor:wait()
  return answers_to { self }[1]
end

--- Goes away.
function Visitor:leave()
  self.connection:close()
end

--- Sends a GET and waits for nothing.
local function visit(port, path)
  local connection = assert(socket.connect("127.0.0.1", port))
  assert(connection:send(("GET %s HTTP/1.0\r\n\r\n"):format(path)))
  return setmetatable({ connection = connection, text = "", path = path }, Visitor)
end

--- What nginx has complained of.
local function complaints(server)
  local lines = {}
  for line in server.log "error":gmatch "[^\n]+" do
    if line:match "%[error%]" or line:match "%[crit%]" or line:match "%[alert%]" or line:match "%[emerg%]"
      or line:match "exited on signal" then
      lines[#lines + 1] = line
    end
  end
  return lines
end

local function locations(rows)
  local blocks = {}
  for path, directives in pairs(rows) do
    if not directives:match "_by_lua" and not directives:match "proxy_pass" then
      directives = ("content_by_lua_block { %s }"):format(directives)
    end
    blocks[#blocks + 1] = ("location = %s { %s }"):format(path, directives)
  end
  return table.concat(blocks, "\n")
end

local function add_visits(server)
  function server.visit(path)
    return visit(server.port, path)
  end

  --- Visits all paths at once.
  function server.visit_all(paths)
    local visitors = {}
    for i, path in ipairs(paths) do
      visitors[i] = server.visit(path)
    end
    return answers_to(visitors)
  end

  --- The same path so many times.
  function server.visit_times(times, path)
    local paths = {}
    for i = 1, times do
      paths[i] = path
    end
    return server.visit_all(paths)
  end

  --- What a handler has told.
  function server.told(path)
    return assert(cjson.decode(server.get(path)))
  end
end

local function add_processes(server)
  function server.master()
    return tonumber(read(server.directory .. "/nginx.pid"))
  end

  function server.workers()
    local master, pids = server.master(), {}
    local children = master and read(("/proc/%d/task/%d/children"):format(master, master)) or ""
    for pid in children:gmatch "%d+" do
      pids[#pids + 1] = tonumber(pid)
    end
    return pids
  end

  function server.signal(name, pid)
    assert(os.execute(("kill -%s %d"):format(name, pid or server.master())))
  end

  --- Loads the configuration anew, and waits until the workers of before are gone.
  function server.reload()
    local before = server.workers()
    server.signal "HUP"
    for _, pid in ipairs(before) do
      M.eventually(function() return not read(("/proc/%d/status"):format(pid)) end, "the end of a worker")
    end
    M.eventually(function() return #server.workers() == #before end, "the new workers")
  end

  function server.complaints()
    return complaints(server)
  end
end

--- Starts nginx. `options` are those of the clients; `init` is Lua code for `init_by_lua`, which makes
--- the global `client` by default; `locations` are directives by path, or the Lua code of a handler;
--- `http` are directives of the http block, `server` those of the server block.
---@param settings table and `main`, `workers`, `listen` (the parameters of that directive)
---@return table server that of servers.nginx, with `visit...`, `told`, `workers`, `reload`, `complaints` ...
function M.start(settings)
  local stage = os.getenv "STAGE"
  local prelude = PRELUDE:format(M.CUSTOMER, literal(settings.options))
  local block = HTTP:format(stage, stage, settings.http or "", prelude,
    settings.init or "client = new_client()", settings.listen or "",
    locations(settings.locations or {}) .. (settings.server or ""))
  local server = servers.nginx(block, M.MODULES .. (settings.main or ""), nil, settings.workers)
  add_visits(server)
  add_processes(server)
  return server
end

return M
