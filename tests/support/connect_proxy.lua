-- SPDX-License-Identifier: MIT
--- An HTTP proxy for the specs that knows CONNECT alone: connect_proxy.lua PARENT TARGET. Whatever
--- host is asked for, the tunnel leads to the port TARGET of this machine, but for the hosts in
--- REFUSALS. Prints its port, then serves until it is asked for /quit, or until the process whose id
--- it was given is gone. /seen answers with every byte that clients have sent.

local parent_lives = require "tests.support.parent"
local socket = require "socket"

local function answer(status, head, body)
  return ("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s"):format(status, head, #body, body)
end

--- By the first label of the host's name; "" closes without an answer.
local REFUSALS = {
  ["needs-login"] = answer("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"\r\n', "log in"),
  ["forbidden"] = answer("403 Forbidden", "", "not there"),
  ["busy"] = answer("503 Service Unavailable", "Retry-After: 1\r\n", "busy"),
  ["redirects"] = answer("302 Found", "Location: http://127.0.0.1:9/\r\n", ""),
  ["closes"] = "",
}

local target = tonumber(arg[2])
local listener = assert(socket.bind("127.0.0.1", 0))
print((select(2, listener:getsockname())))
print() -- the starter reads up to here
io.stdout:flush()

--- The open connections; the one at the other end of each tunnel; which of them are clients.
local sockets, peers, is_client = { listener }, {}, {}
local seen = {}

local function remove(connection)
  for i = #sockets, 2, -1 do
    if sockets[i] == connection then
      table.remove(sockets, i)
    end
  end
  connection:close()
end

local function close(connection)
  local peer = peers[connection]
  remove(connection)
  if peer then
    remove(peer)
    peers[peer], peers[connection] = nil, nil
  end
end

--- Reads a request's head; nil when the connection ends first.
local function read_head(connection)
  local lines = {}
  repeat
    local line = connection:receive "*l"
    if not line then
      return nil
    end
    lines[#lines + 1] = line
  until line == ""
  return table.concat(lines, "\n")
end

local function tunnel(connection)
  local peer = assert(socket.connect("127.0.0.1", target))
  peers[connection], peers[peer] = peer, connection
  sockets[#sockets + 1] = peer
  connection:send "HTTP/1.1 200 Connection established\r\n\r\n"
  connection:settimeout(0)
  peer:settimeout(0)
end

local function serve(connection)
  local head = read_head(connection)
  local host = head and head:match "^CONNECT ([^:]+)"
  if not head then
    return close(connection)
  elseif head:match "^GET /quit " then
    connection:send(answer("200 OK", "", "bye"))
    os.exit(0)
  elseif head:match "^GET /seen " then
    connection:send(answer("200 OK", "", table.concat(seen)))
    return
  end
  seen[#seen + 1] = head .. "\n"
  local refusal = REFUSALS[host and host:match "^[^.]+" or ""]
  if host and not refusal then
    return tunnel(connection)
  end
  connection:send(refusal or answer("405 Method Not Allowed", "", ""))
  if refusal == "" then
    close(connection)
  end
end

local function send_all(connection, bytes)
  local from = 1
  while from <= #bytes do
    local last, problem, partial = connection:send(bytes, from)
    if problem and problem ~= "timeout" then
      return nil
    end
    from = (last or partial) + 1
    if from <= #bytes then
      socket.select(nil, { connection }, 1)
    end
  end
  return true
end

--- Hands on what has come in at one end of a tunnel.
local function forward(connection)
  local bytes, problem, partial = connection:receive(65536)
  bytes = bytes or partial
  if is_client[connection] then
    seen[#seen + 1] = bytes
  end
  if not send_all(peers[connection], bytes) or problem == "closed" then
    close(connection)
  end
end

while parent_lives(arg[1]) do
  for _, ready in ipairs((socket.select(sockets, nil, 1))) do
    if ready == listener then
      local connection = listener:accept()
      is_client[connection] = true
      sockets[#sockets + 1] = connection
    elseif peers[ready] then
      forward(ready)
    elseif is_client[ready] then
      serve(ready)
    end
  end
end
