-- SPDX-License-Identifier: MIT
--- Starts the servers of the specs, on loopback and free ports.

local http = require "socket.http"
local socket = require "socket"

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

--- Starts a server that is a Lua program beside this file, and waits for the port that it prints.
local function start(program, argument)
  local output = os.tmpname()
  os.execute(("lua5.4 %s/%s $PPID %s > %s 2>&1 &"):format(HERE, program, argument or "", output))
  local line
  repeat
    local file = assert(io.open(output))
    line = file:read "*l"
    file:close()
  until line
  os.remove(output)
  return assert(tonumber(line), line)
end

--- Starts raw_server.lua.
---@return table server `url(scenario)`, `requests()` (array of `{ connection, line, head }`), `port`, `stop()`
function M.raw()
  local port = start "raw_server.lua"
  local server = { port = port }

  function server.url(scenario)
    return ("http://127.0.0.1:%d/%s"):format(port, scenario)
  end

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

--- Starts connect_proxy.lua, whose tunnels lead to a port of this machine.
---@param target integer
---@return table proxy `port`, `seen()` (every byte that clients have sent it), `stop()`
function M.connect_proxy(target)
  local proxy = { port = start("connect_proxy.lua", math.floor(target)) }

  function proxy.seen()
    return fetch(proxy.port, "/seen")
  end

  function proxy.stop()
    fetch(proxy.port, "/quit")
  end

  return proxy
end

function M.free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local port = select(2, listener:getsockname())
  listener:close()
  return math.floor(port)
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  file:close()
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
worker_processes 1;
MAIN
events { worker_connections 256; }
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
---@return table server `port`, `directory` (with cert.pem and access.log), `log()`, `get(path)`, `stop()`
function M.nginx(block, main, port)
  local directory = run "mktemp -d":match "%S+"
  port = port or M.free_port()
  make_certificate(directory)
  local configuration = NGINX:gsub("%u+", { MAIN = main or "", HTTP = block })
    :gsub("%f[%w]DIR%f[%W]", directory):gsub("%f[%w]PORT%f[%W]", tostring(port))
  write(directory .. "/nginx.conf", configuration)
  run(("nginx -p %s -c %s/nginx.conf"):format(directory, directory))
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
    return body
  end

  function server.stop()
    run(("kill -QUIT $(cat %s/nginx.pid); while [ -e %s/nginx.pid ]; do sleep 0.05; done; rm -r %s")
      :format(directory, directory, directory))
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
