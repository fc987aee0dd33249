-- SPDX-License-Identifier: MIT
--- A small HTTP server that does what a well-behaved one cannot: it cuts answers short, resets
--- connections, keeps silent. Prints its port, then serves until it is asked for /quit, or until the
--- process whose id it was given is gone.
---
--- The first part of a request's path names the scenario; /requests answers with the heads of all
--- requests so far, a form feed behind each, every one preceded by its connection's number.

local parent_lives = require "tests.support.parent"
local socket = require "socket"

local QUALIFICATION = '{"qualification":"Education","vettingStatus":"InReview"}'

local function answer(head, body)
  return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s"):format(#body, head, body)
end

local function close(connection)
  connection:close()
  return "closed"
end

--- Closes with a reset: what was sent may be lost with it.
local function reset(connection)
  connection:setoption("linger", { on = true, timeout = 0 })
  return close(connection)
end

--- What is sent, and what becomes of the connection then: by default it stays open.
local SCENARIOS = {
  ok = { answer("", QUALIFICATION) },
  chunked = { "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    .. "11;name=value\r\n" .. QUALIFICATION:sub(1, 17) .. "\r\n"
    .. ("%x\r\n"):format(#QUALIFICATION - 17) .. QUALIFICATION:sub(18) .. "\r\n0\r\nTrailer: x\r\n\r\n" },
  until_close = { "HTTP/1.1 200 OK\r\n\r\n" .. QUALIFICATION, close },
  interim = { "HTTP/1.1 100 Continue\r\nMS-RequestId: interim\r\n\r\n" .. answer("", QUALIFICATION) },
  cut = { "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" .. QUALIFICATION, close },
  cut_chunk = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" .. QUALIFICATION, close },
  cut_head = { "HTTP/1.1 200 OK\r\nContent-Le", close },
  cut_gzip = { answer("Content-Encoding: gzip\r\n", "\31\139\8\0\0\0\0\0\0\3\171"), close },
  bad_gzip = { answer("Content-Encoding: gzip\r\n", QUALIFICATION), close },
  nothing = { "", close },
  reset = { "", reset },
  reset_inside = { "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" .. QUALIFICATION, reset },
  not_http = { "220 mail.example.com ESMTP\r\n", close },
  stall = { "" },
}

--- To what a proxy is asked to connect to: nobody else is reached through this one.
local NO_TUNNEL = { "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", close }

local listener = assert(socket.bind("127.0.0.1", 0))
print((select(2, listener:getsockname())))
print() -- the starter reads up to here
io.stdout:flush()

--- The listener, and behind it the open connections.
local sockets = { listener }
local numbers, accepted = {}, 0
local heads = {}

local function read_request(connection)
  local lines, length = {}, 0
  repeat
    local line = connection:receive "*l"
    if not line then
      return nil
    end
    lines[#lines + 1] = line
    length = tonumber(line:lower():match "^content%-length: *(%d+)") or length
  until line == ""
  if length > 0 and not connection:receive(length) then
    return nil
  end
  return lines
end

--- Serves one request; false when the connection is over.
local function serve(connection)
  local lines = read_request(connection)
  if not lines then
    return connection:close() and false
  end
  local target = lines[1]:match "^%S+ (%S+)"
  local name = target:gsub("^http://[^/]*", ""):match "^/([^/]*)"
  if name == "quit" then
    connection:send(answer("", "bye"))
    os.exit(0)
  elseif name == "requests" then
    connection:send(answer("", table.concat(heads)))
    return true
  end
  heads[#heads + 1] = ("%d\n%s\f"):format(numbers[connection], table.concat(lines, "\n"))
  local scenario = lines[1]:find "^CONNECT " and NO_TUNNEL or SCENARIOS[name] or SCENARIOS.ok
  connection:send(scenario[1])
  return not (scenario[2] and scenario[2](connection))
end

while parent_lives(arg[1]) do
  for _, ready in ipairs((socket.select(sockets, nil, 1))) do
    if ready == listener then
      local connection = listener:accept()
      accepted = accepted + 1
      numbers[connection] = accepted
      sockets[#sockets + 1] = connection
    elseif not serve(ready) then
      for i = #sockets, 2, -1 do
        if sockets[i] == ready then
          table.remove(sockets, i)
        end
      end
    end
  end
end
