-- SPDX-License-Identifier: MIT
--- Starts the servers of the specs, on loopback and free ports.

local files = require "tests.support.files"
local http = require "socket.http"
local socket = require "socket"
local shown_secrets = require "tests.support.shown_secrets"

local M = {}

local HERE = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$"

local function fetch(port, path)
  local connection = assert(socket.connect("127.0.0.1", port))
  assert(connection:send(("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"):format(path)))
  local length
  repeat
    local line = assert(connection:receive "*l")
    length = line:match "^Content%-Length: (%d+)" or length
  until line == ""
  length = tonumber(length)
  local body = length > 0 and assert(connection:receive(length)) or "" -- receive(0) would wait for a byte
  connection:close()
  return body
end

--- Runs a program of this folder in the background, until it is told to end or this process has
--- ended; returns the lines that it prints first, up to an empty one or the last.
local function start(interpreter, arguments)
  local output = assert(io.popen(("%s %s/%s &"):format(interpreter, HERE, arguments)))
  local lines = {}
  for line in output:lines() do
    if line == "" then
      break
    end
    lines[#lines + 1] = line
  end
  output:close()
  assert(#lines > 0, arguments .. " did not start")
  return lines
end

--- A server that can be asked for the requests that have come, and to end.
local function with_requests(port)
  local server = { port = port }

  function server.requests()
    local requests = {}
    for number, head in fetch(port, "/requests"):gmatch "(%d+)\n([^\f]*)\f" do
      requests[#requests + 1] = { connection = tonumber(number), line = head:match "^[^\n]*", head = head }
    end
    return requests
  end

  function server.stop()
    fetch(port, "/quit")
  end

  return server
end

--- Starts raw_server.lua.
---@return table server `url(scenario)`, `requests()` (array of `{ connection, line, head }`), `port`, `stop()`
function M.raw()
  local port = tonumber(start("lua5.4", "raw_server.lua $PPID")[1])
  local server = with_requests(port)

  function server.url(scenario)
    return ("http://127.0.0.1:%d/%s"):format(port, scenario)
  end

  return server
end

--- Starts hostile_server.py.
---@param certificate string the path of its certificate and key, without .pem and .key
---@return table server `port` (of HTTP/1.1), `http2` (the other one), `requests()` and `stop()` as those of `raw`,
--- `poison()` (sends what nobody asked for, and returns how often)
function M.hostile(certificate)
  -- Debian's own interpreter, which has its hpack
  local ports = start("/usr/bin/python3", ("hostile_server.py $PPID %s.pem %s.key"):format(certificate, certificate))
  local server = with_requests(tonumber(ports[1]))
  server.http2 = tonumber(ports[2])

  function server.poison()
    return tonumber(fetch(server.port, "/poison"))
  end

  return server
end

--- Starts fault_proxy.lua in front of a port of this machine.
---@param port integer
---@param settings table its arguments by name: the rates of the faults, `seed`, `first`, `spare`
---@return table proxy `port`, `url` (its address), `counts()` (by name), `stop()`
function M.fault_proxy(port, settings)
  local arguments = { ("fault_proxy.lua $PPID 127.0.0.1:%d"):format(port) }
  for name, value in pairs(settings) do
    arguments[#arguments + 1] = ("%s=%s"):format(name, value)
  end
  local proxy = { port = tonumber(start("lua5.4", table.concat(arguments, " "))[1]) }
  proxy.url = ("http://127.0.0.1:%d"):format(proxy.port)

  function proxy.counts()
    local counts = {}
    for name, count in fetch(proxy.port, "/fault_proxy/counts"):gmatch '"([%a_]+)":(%d+)' do
      counts[name] = tonumber(count)
    end
    return counts
  end

  function proxy.stop()
    fetch(proxy.port, "/fault_proxy/quit")
  end

  return proxy
end

--- Starts journal_witness.lua for a journal.
---@return table witness `url`, `counts()` (how many updates came, and how many the journal did not know), `stop()`
function M.journal_witness(journal)
  local port = tonumber(start("lua5.4", ("journal_witness.lua $PPID '%s'"):format(journal))[1])
  local witness = { url = "http://127.0.0.1:" .. port }

  function witness.counts()
    local arrived, missing = fetch(port, "/counts"):match "(%d+) (%d+)"
    return tonumber(arrived), tonumber(missing)
  end

  function witness.stop()
    pcall(fetch, port, "/quit")
  end

  return witness
end

--- Starts connect_proxy.lua, whose tunnels lead to a port of this machine.
---@param target integer
---@return table proxy `port`, `seen()` (every byte that clients have sent it), `stop()`
function M.connect_proxy(target)
  local proxy = { port = tonumber(start("lua5.4", ("connect_proxy.lua $PPID %d"):format(target))[1]) }

  function proxy.seen()
    return fetch(proxy.port, "/seen")
  end

  function proxy.stop()
    fetch(proxy.port, "/quit")
  end

  return proxy
end

local CONVERT = { ["true"] = true, ["false"] = false }

--- Starts a sandbox in a process of its own, which ends with this one.
---@param interpreter string
---@return table options those of a client that reaches it
function M.sandbox_process(interpreter)
  local options = {}
  for _, line in ipairs(start(interpreter, "sandbox_process.lua $PPID")) do
    local name, value = line:match "^([%a_]+)=(.*)$"
    options[name] = value
    if CONVERT[value] ~= nil then
      options[name] = CONVERT[value]
    end
  end
  return options
end

function M.free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local port = select(2, listener:getsockname())
  listener:close()
  return math.floor(port)
end

local function run(command)
  local process = io.popen(command .. " 2>&1; echo status $?")
  local output = process:read "*a"
  process:close()
  local text, status = output:match "^(.*)status (%d+)\n$"
  assert(status == "0", command .. " failed:\n" .. tostring(text))
  return text
end

--- Makes a self-signed certificate for localhost and 127.0.0.1: DIR/cert.pem and DIR/key.pem.
local function make_certificate(directory)
  run(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    .. " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout %s/key.pem -out %s/cert.pem")
    :format(directory, directory))
end

local NGINX = [[
pid DIR/nginx.pid;
error_log DIR/error.log;
user root;
worker_processes WORKERS;
MAIN
events { worker_connections 4096; }
http {
  log_format seen '$server_protocol $connection $request';
  access_log DIR/access.log seen;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  HTTP
}
]]

--- Starts nginx with a configuration in which PORT and DIR are replaced.
---@param block string the contents of the http block
---@param main? string directives of the main level
---@param port? integer the port to put for PORT; a free one where it is left out
---@param workers? integer how many; 1 where it is left out
---@return table server `port`, `directory` (with cert.pem and access.log), `log()`, `get(path)`, `stop()`
function M.nginx(block, main, port, workers)
  local directory = run "mktemp -d":match "%S+"
  port = port or M.free_port()
  make_certificate(directory)
  local configuration = NGINX:gsub("%u+", { MAIN = main or "", HTTP = block, WORKERS = workers or 1 })
    :gsub("%f[%w]DIR%f[%W]", directory):gsub("%f[%w]PORT%f[%W]", tostring(port))
  files.write(directory .. "/nginx.conf", configuration)
  -- The paths in the environment are those of the interpreter that runs the specs.
  run(("env -u LUA_PATH -u LUA_CPATH nginx -p %s -c %s/nginx.conf"):format(directory, directory))
  local server = { port = port, directory = directory }

  function server.log(name)
    local file = assert(io.open(("%s/%s.log"):format(directory, name or "access")))
    local text = file:read "*a"
    file:close()
    return text
  end

  --- Waits until the last line of the access log matches: nginx writes it after the answer.
  function server.has_logged(pattern)
    while not server.log():match(pattern .. "[^\n]*\n$") do
      socket.sleep(0.01)
    end
    return true
  end

  function server.get(path)
    local body, status = http.request(("http://127.0.0.1:%d%s"):format(port, path))
    assert(status == 200, status)
    shown_secrets.look(path, body)
    return body
  end

  function server.stop()
    run(("kill -QUIT $(cat %s/nginx.pid) 2>/dev/null; while [ -e %s/nginx.pid ]; do sleep 0.05; done")
      :format(directory, directory))
    shown_secrets.look_in(directory, { ["nginx.conf"] = true }) -- now that all of its log is written
    run("rm -r " .. directory)
  end

  return server
end

--- Starts nghttpx, an HTTP/2 proxy, in front of a TLS server.
---@param certificate string the path of its certificate and key, without .pem and .key
---@return table server `port`, `stop()`
function M.nghttpx(certificate, address, port)
  local directory = run "mktemp -d":match "%S+"
  local server = { port = M.free_port() }
  run(("nghttpx --daemon --pid-file=%s/pid --errorlog-file=%s/error.log --no-ocsp --workers=1"
    .. " --frontend='127.0.0.1,%d' --backend='%s,%d;;tls' --insecure --conf=/dev/null %s.key %s.pem > %s/out.log")
    :format(directory, directory, server.port, address, port, certificate, certificate, directory))
  while not socket.connect("127.0.0.1", server.port) do
    socket.sleep(0.01)
  end

  function server.stop()
    run(("id=$(cat %s/pid); kill $id; while grep -qs '^State:.[^Z]' /proc/$id/status; do sleep 0.05; done; rm -r %s")
      :format(directory, directory))
  end

  return server
end

return M
