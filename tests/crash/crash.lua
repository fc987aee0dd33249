-- SPDX-License-Identifier: MIT
--- crash.lua: kills runs with SIGKILL at random instants and goes on with their journal: one process on
--- SQLite, then three on PostgreSQL of which one is killed each time. In the end every customer must have
--- been updated by one request (with one request id, however often it was sent), and the journal must say
--- what the service says, with nothing held any more.
---
--- ITEMS says how many items (300), KILLS how many kills (8); SEED repeats the instants. LUA is the
--- interpreter of the workers.

local item = require "tests.crash.item"
local lives = require "tests.support.parent"
local partnercenter = require "partnercenter"
local postgresql = require "tests.support.postgresql"
local sandbox = require "partnercenter.sandbox"
local socket = require "socket"

local ITEMS = tonumber(os.getenv "ITEMS" or 300)
local KILLS = tonumber(os.getenv "KILLS" or 8)
local SEED = tonumber(os.getenv "SEED" or os.time())
local LUA = os.getenv "LUA" or "lua5.4"
local LATENCY, CONCURRENCY = 0.05, 8 -- so that a kill hits calls in flight

local problems = 0

local function check(is_so, ...)
  if not is_so then
    problems = problems + 1
    if problems <= 20 then
      print("wrong: " .. string.format(...))
    end
  end
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Starts a worker.
---@return table worker `id` of the process, `log` (path)
local function start(server, journal)
  local words = { LUA, "tests/crash/worker.lua", quote(journal), tostring(ITEMS) }
  for name, value in pairs(server:client_options()) do
    if type(value) == "string" then
      words[#words + 1] = quote(name .. "=" .. value)
    end
  end
  local log = os.tmpname()
  local process = io.popen(("%s > %s 2>&1 & echo $!"):format(table.concat(words, " "), log))
  local id = process:read "*l"
  process:close()
  return { id = id, log = log }
end

--- What a worker that has ended has printed.
local function output(worker)
  local file = assert(io.open(worker.log))
  local text = file:read "*a"
  file:close()
  os.remove(worker.log)
  return text
end

--- Kills a worker at a random instant, unless it ends before; whether it was killed.
local function kill(worker, longest)
  socket.sleep(0.04 + math.random() * longest)
  local was_alive = lives(worker.id)
  os.execute(("kill -9 %s 2> /dev/null"):format(worker.id))
  while lives(worker.id) do
    socket.sleep(0.005)
  end
  local text = output(worker)
  check(was_alive and text == "" or text:find "total=", "a worker said: %s", text)
  return was_alive
end

local function wait(worker)
  while lives(worker.id) do
    socket.sleep(0.02)
  end
  local text = output(worker)
  check(text:find("total=" .. ITEMS .. "\n") and text:find "failed=0\n", "a worker said: %s", text)
end

--- Kills workers, of which there are so many at once, and lets the last ones come to their end.
local function crash(server, journal, count)
  local longest = ITEMS * LATENCY / CONCURRENCY / KILLS * 1.5
  local workers, kills = {}, 0
  for i = 1, count do
    workers[i] = start(server, journal)
  end
  for _ = 1, KILLS do
    local i = math.random(count)
    kills = kills + (kill(workers[i], longest) and 1 or 0)
    workers[i] = start(server, journal)
  end
  for _, worker in ipairs(workers) do
    wait(worker)
  end
  return kills
end

--- The request ids of the updates that have arrived for each customer: a table of counts. The same id
--- must come with the same bytes.
local function arrived(server)
  local ids, bodies = {}, {}
  for _, request in ipairs(server:requests()) do
    local customer = request.method == "POST" and request.path:match "^/v1/customers/([^/]+)/qualifications$"
    if customer then
      local id = request.headers["MS-RequestId"]
      check((bodies[id] or request.body) == request.body, "%s came with %s and %s", id, bodies[id], request.body)
      bodies[id] = request.body
      ids[customer] = ids[customer] or {}
      ids[customer][id] = (ids[customer][id] or 0) + 1
    end
  end
  return ids
end

local DECISIONS = { succeeded = "Approved", denied = "Denied" }

--- Compares the journal with what the service says, row by row.
---@param rows string[] customer|request id|state|holder
---@return integer repeated how many customers' requests were sent more than once
local function compare(server, rows)
  local client = assert(partnercenter.new(server:client_options()))
  local ids, repeated, calls = arrived(server), 0, {}
  for position, row in ipairs(rows) do
    calls[position] = client:start("get_qualifications", row:match "^[^|]*")
  end
  check(#rows == ITEMS, "the journal has %d rows", #rows)
  for position, row in ipairs(rows) do
    local customer, id, state, holder = row:match "^([^|]*)|([^|]*)|([^|]*)|(.*)$"
    local list = assert(calls[position]:result())
    check(customer == item(position).customer_id, "row %d is of %s", position, customer)
    check(#list == 1 and list[1].vettingStatus == DECISIONS[state], "%s is %s, and here it is %s", customer,
      list[1] and list[1].vettingStatus, state)
    check(holder == "", "%s is held by %s", customer, holder)
    check(next(ids[customer]) == id and next(ids[customer], id) == nil, "%s got another request than %s", customer, id)
    repeated = repeated + (ids[customer][id] > 1 and 1 or 0)
  end
  client:close()
  return repeated
end

local ROWS = "SELECT customer_id || '|' || request_id || '|' || state || '|' || coalesce(holder, '') "
  .. "FROM partnercenter_items ORDER BY position"

local function lines(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do
    list[#list + 1] = line
  end
  return list
end

local function try(name, journal, count, read_rows)
  local server = assert(sandbox.start { latency = LATENCY, vetting_time = 0.3 })
  local begun = socket.gettime()
  local kills = crash(server, journal, count)
  local repeated = compare(server, read_rows())
  server:stop()
  print(("%s: %d items, %d of %d kills met a run, %d requests were sent again, %.1f s"):format(name, ITEMS, kills, KILLS,
    repeated, socket.gettime() - begun))
  check(kills >= KILLS / 2, "only %d kills met a run", kills)
end

local function try_sqlite()
  local path = os.tmpname()
  try("SQLite", path, 1, function()
    local process = io.popen(("sqlite3 %s \"PRAGMA integrity_check\" \"%s\""):format(path, ROWS))
    local rows = lines(process:read "*a")
    process:close()
    check(table.remove(rows, 1) == "ok", "the file is damaged")
    return rows
  end)
  os.execute(("rm -f %s %s-wal %s-shm"):format(path, path, path))
end

local function try_postgresql()
  local database = postgresql.start()
  local ok, raised = pcall(try, "PostgreSQL", database.url(), 3, function()
    return lines(database.sql("postgres", ROWS .. ";"))
  end)
  database.remove()
  assert(ok, raised)
end

print("SEED=" .. SEED)
math.randomseed(SEED)
try_sqlite()
try_postgresql()
if problems > 0 then
  print(problems .. " problems")
  os.exit(1)
end
