-- SPDX-License-Identifier: MIT
--- journal_witness.lua PARENT JOURNAL: a service that looks into the journal at the moment when an update
--- arrives, through a connection of its own. Prints its port, then serves until it is asked for /quit, or
--- until the process whose id is PARENT is gone. /counts answers how many updates have arrived, and how many
--- of their request ids were not in the journal.

local DBI = require "DBI"
local parent_lives = require "tests.support.parent"
local socket = require "socket"

local journal = arg[2]
local driver = journal:find "^postgresql://" and "PostgreSQL" or "SQLite3"
local ANSWER = '{"qualification":"Education","vettingStatus":"InReview","vettingCreateDate":"2020-12-04T20:54:24Z"}'

local arrived, missing = 0, 0

--- Whether the journal has an item with that request id, to be sent.
local function is_known(request_id)
  local connection = assert(DBI.Connect(driver, journal))
  local query = assert(connection:prepare "SELECT state FROM partnercenter_items WHERE request_id = ?")
  assert(query:execute(request_id))
  local row = query:fetch(true)
  query:close()
  connection:close()
  return row and row.state == "sending"
end

local function respond(connection, status, body)
  connection:send(("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s"):format(status, #body, body))
end

--- Serves one request; false when the connection is over.
local function serve(connection)
  local line, request_id, length = connection:receive "*l", nil, 0
  local target = line and line:match "^%S+ (%S+)"
  while line and line ~= "" do
    line = connection:receive "*l"
    request_id = line and line:lower():match "^ms%-requestid: *(%S+)" or request_id
    length = line and tonumber(line:lower():match "^content%-length: *(%d+)") or length
  end
  if not line or length > 0 and not connection:receive(length) then
    return connection:close() and false
  elseif target == "/quit" then
    os.exit(0)
  elseif target == "/counts" then
    respond(connection, "200 OK", arrived .. " " .. missing)
  else
    arrived = arrived + 1
    missing = missing + (is_known(request_id) and 0 or 1)
    respond(connection, "201 Created", ANSWER)
  end
  return true
end

local listener = assert(socket.bind("127.0.0.1", 0))
print((select(2, listener:getsockname())))
print() -- the starter reads up to here
io.stdout:flush()
local sockets = { listener }
while parent_lives(arg[1]) do
  for _, ready in ipairs((socket.select(sockets, nil, 1))) do
    if ready == listener then
      sockets[#sockets + 1] = listener:accept()
    elseif not serve(ready) then
      for i = #sockets, 2, -1 do
        if sockets[i] == ready then
          table.remove(sockets, i)
        end
      end
    end
  end
end
