-- SPDX-License-Identifier: MIT
--- fault_proxy.lua PARENT HOST:PORT [NAME=VALUE ...]: carries HTTP/1.1 requests to HOST:PORT, and does
--- to a share of them what networks do. Prints its port, then serves until it is asked for
--- /fault_proxy/quit, or until the process whose id is PARENT is gone.
---
--- A fault's name with a number from 0 to 1 is the share of the requests that suffer it; one request
--- suffers one fault at the most. Further:
---
---   seed=NUMBER  the same faults for the same requests in the same order
---   first=COUNT  only the first so many requests can suffer a fault
---   spare=TEXT   requests whose target contains the text suffer none, and are not counted by `first`
---
--- /fault_proxy/counts answers how many requests there were, how many of them suffered each fault, and
--- how many could not be carried (`broken`): those are answered with 502 and what was wrong.

local cqueues = require "cqueues"
local luasocket = require "socket"
local parent_lives = require "tests.support.parent"
local socket = require "cqueues.socket"

local MAX_LINE = 65536
local TRICKLE_PIECES, TRICKLE_PAUSE = 25, 0.004

--- Sets what cqueues cannot: how a descriptor is closed.
local lingerer = luasocket.tcp()

--- Closes with a reset: what was not delivered yet is lost with it.
local function reset(connection)
  lingerer:setfd(connection:pollfd())
  lingerer:setoption("linger", { on = true, timeout = 0 })
  lingerer:setfd(-1)
  connection:close()
end

local function send(connection, text)
  return connection:write(text) and connection:flush()
end

--- What the client gets in place of a plain answer; true where the connection goes on.
local function send_begin_and_reset(connection, head, body)
  send(connection, body == "" and head:sub(1, #head // 2) or head .. body:sub(1, #body // 2))
  reset(connection)
end

local function send_and_reset(connection, head, body)
  send(connection, head .. body)
  reset(connection)
end

--- Keeps silent until the client gives up.
local function stall(connection)
  repeat until not connection:read(1)
end

local function trickle(connection, head, body)
  local text = head .. body
  local size = math.ceil(#text / TRICKLE_PIECES)
  for position = 1, #text, size do
    if not send(connection, text:sub(position, position + size - 1)) then
      return false
    end
    cqueues.sleep(TRICKLE_PAUSE)
  end
  return true
end

local function close(connection)
  connection:close()
end

--- The faults: what is done, and whether the request is carried to the service before.
local FAULTS = {
  { name = "reset_before", inflict = reset },
  { name = "reset_in", carried = true, inflict = send_begin_and_reset },
  { name = "reset_after", carried = true, inflict = reset },
  { name = "reset_idle", carried = true, inflict = send_and_reset },
  { name = "stall", carried = true, inflict = stall },
  { name = "trickle", carried = true, inflict = trickle },
  { name = "refuse", inflict = close },
}
local NO_FAULT = {
  carried = true,
  inflict = function(connection, head, body)
    return send(connection, head .. body)
  end,
}

local rates = {}
local counts = { requests = 0, broken = 0 }
for _, fault in ipairs(FAULTS) do
  rates[fault.name], counts[fault.name] = 0, 0
end

--- Takes the arguments behind the first two.
local function read_settings()
  local values = { seed = os.time(), first = math.huge }
  local total = 0
  for i = 3, #arg do
    local name, value = arg[i]:match "^([%a_]+)=(.*)$"
    if rates[name] then
      rates[name] = assert(tonumber(value), arg[i])
      total = total + rates[name]
    elseif name == "seed" or name == "first" then
      values[name] = assert(tonumber(value), arg[i])
    elseif name == "spare" then
      values.spare = value
    else
      error("unknown argument: " .. arg[i])
    end
  end
  assert(total <= 1, "the rates come to more than 1")
  return values
end

local settings = read_settings()
math.randomseed(settings.seed)
local exposed = 0 -- requests that could suffer a fault so far

local function choose_fault(target)
  counts.requests = counts.requests + 1
  if exposed >= settings.first or settings.spare and target:find(settings.spare, 1, true) then
    return NO_FAULT
  end
  exposed = exposed + 1
  local dice = math.random()
  for _, fault in ipairs(FAULTS) do
    dice = dice - rates[fault.name]
    if dice < 0 then
      counts[fault.name] = counts[fault.name] + 1
      return fault
    end
  end
  return NO_FAULT
end

--- Reads up to and with the empty line; nil where it ends before.
local function read_lines(connection)
  local lines = {}
  repeat
    local line = connection:read "*L"
    if not line or line:sub(-1) ~= "\n" then
      return nil
    end
    lines[#lines + 1] = line
  until line == "\r\n"
  return table.concat(lines)
end

local function read_bytes(connection, count)
  local bytes = count == 0 and "" or connection:read(count)
  return bytes and #bytes == count and bytes or nil
end

--- Reads a chunked body, and keeps it as it is.
local function read_chunks(connection)
  local pieces = {}
  while true do
    local line = connection:read "*L"
    local size = line and tonumber(line:match "^(%x+)[^\n]*\n$", 16)
    local chunk = size and (size == 0 and read_lines(connection) or size > 0 and read_bytes(connection, size + 2))
    if not chunk then
      return nil
    end
    pieces[#pieces + 1] = line .. chunk
    if size == 0 then
      return table.concat(pieces)
    end
  end
end

--- Reads a message: its head and its body, or nil where it ends before it is whole. `length` is that of a
--- body whose head says nothing of it; where that is nil too the message cannot be carried.
local function read_message(connection, length)
  local head = read_lines(connection)
  local lower = head and head:lower()
  if not head then
    return nil
  elseif lower:find "\ntransfer%-encoding:%s*chunked" then
    return head, read_chunks(connection)
  end
  length = tonumber(lower:match "\ncontent%-length:%s*(%d+)") or length
  return head, length and read_bytes(connection, length)
end

--- Makes failures of a connection results instead of errors.
local function prepare(connection)
  connection:onerror(function(_, _, code) return code end)
  connection:setmode("b", "bf")
  connection:setmaxline(MAX_LINE)
  return connection
end

local host, port = assert(arg[2], "HOST:PORT is missing"):match "^(.*):(%d+)$"
local idle = {} -- connections to the service

local function ends_connection(head)
  return head:lower():find "\nconnection:%s*close" ~= nil
end

--- Carries a request to the service; returns its answer's head and body, or nil and what was wrong.
local function carry(request)
  local upstream = table.remove(idle)
    or prepare(socket.connect { host = host, port = tonumber(port), nodelay = true })
  if not send(upstream, request) then
    upstream:close()
    return nil, "the request could not be sent on"
  end
  local head, body = read_message(upstream)
  if not body then
    upstream:close()
    return nil, head and "the answer cannot be carried, or was cut off: " .. head or "there was no answer"
  elseif ends_connection(head) then
    upstream:close()
  else
    idle[#idle + 1] = upstream
  end
  return head, body
end

local function answer(status, body)
  return ("HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"):format(status, #body), body
end

local CONTROLS = {
  ["/fault_proxy/counts"] = function(connection)
    local fields = {}
    for name, count in pairs(counts) do
      fields[#fields + 1] = ('"%s":%d'):format(name, count)
    end
    local head, body = answer("200 OK", "{" .. table.concat(fields, ",") .. "}")
    send(connection, head .. body)
  end,
  ["/fault_proxy/quit"] = function(connection)
    local head, body = answer("200 OK", "bye")
    send(connection, head .. body)
    os.exit(0)
  end,
}

--- Serves one request; whether the connection goes on.
local function serve(connection)
  local head, body = read_message(connection, 0)
  if not body then
    return false
  end
  local target = head:match "^%S+ (%S+)" or ""
  if CONTROLS[target] then
    CONTROLS[target](connection)
    return false
  end
  local fault = choose_fault(target)
  if not fault.carried then
    return fault.inflict(connection)
  end
  local answer_head, answer_body = carry(head .. body)
  if not answer_head then
    counts.broken = counts.broken + 1
    answer_head, answer_body = answer("502 Bad Gateway", "fault_proxy: " .. answer_body)
  end
  return fault.inflict(connection, answer_head, answer_body) and not ends_connection(answer_head)
end

local listener = socket.listen { host = "127.0.0.1", port = 0, nodelay = true }
assert(listener:listen())
local loop = cqueues.new()

loop:wrap(function()
  while true do
    local connection = prepare(listener:accept())
    loop:wrap(function()
      repeat until not serve(connection)
      connection:close()
    end)
  end
end)

loop:wrap(function()
  while parent_lives(arg[1]) do
    cqueues.sleep(1)
  end
  os.exit(0)
end)

print((select(3, listener:localname())))
print() -- the starter reads up to here
io.stdout:flush()
assert(loop:loop())
