-- SPDX-License-Identifier: MIT
--- A client that was made before its process forked: the child can use it, and the parent still can.
local access = require "tests.support.access"
local forking = require "forking"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"

local function id_of(i)
  return ("%08d-4f89-41d3-9a0c-0305e82c3301"):format(i)
end

--- Runs the function in a child process; returns what it printed of its failure, or "".
local function in_child(fn)
  local output = os.tmpname()
  local child = forking.fork()
  if child == 0 then
    local ok, raised = pcall(fn)
    if not ok then
      local file = io.open(output, "w")
      file:write(tostring(type(raised) == "table" and raised.message or raised))
      file:close()
    end
    forking.exit(ok and 0 or 1)
  end
  local status = forking.wait(child)
  local file = io.open(output)
  local text = file:read "*a"
  file:close()
  os.remove(output)
  return ("%d %s"):format(status, text)
end

local function check_customer(i, customer, err)
  assert(customer, tostring(err))
  assert(customer.id == id_of(i), customer.id)
end

local function check_cancelled(call)
  local result, err, meta = call:result()
  assert(result == nil and err.category == "cancelled", tostring(err))
  assert(meta.elapsed >= 0 and meta.elapsed < 3600, meta.elapsed)
end

--- The client does all that it can, in whichever process.
local function check_client(client, number)
  check_customer(number, client:get_customer(id_of(number)))
  local calls = {}
  for i = 1, 10 do
    calls[i] = client:start("get_customer", id_of(number + i))
  end
  for i = 10, 1, -1 do
    check_customer(number + i, calls[i]:result())
  end
  for i = 1, 10 do
    calls[client:start("get_customer", id_of(number + i))] = number + i
  end
  local count = 0
  while count < 10 do
    for _, call in ipairs(client:process()) do
      if calls[call] then -- and not one of before
        check_customer(calls[call], call:result())
        count = count + 1
      end
    end
  end
end

local MODES = { ["without a thread"] = false, ["with a thread"] = true }

--- What happens to the client before the fork.
local BEFORE = {
  ["was not used"] = function() end,
  ["has made calls"] = function(client) check_client(client, 1) end,
  ["has calls that nobody has collected"] = function(client)
    client:start("get_customer", id_of(1))
    client:start("get_customer", "nobody")
    check_customer(2, client:get_customer(id_of(2)))
  end,
}

for mode, is_threaded in pairs(MODES) do
  describe("a client " .. mode, function()
    local server, client

    before_each(function()
      server = assert(sandbox.start())
      client = assert(partnercenter.new(server:client_options()))
      if is_threaded then
        client:pollfd()
      end
    end)

    after_each(function()
      client:close()
      server:stop()
    end)

    for what, prepare in pairs(BEFORE) do
      it("that " .. what .. " works in the child, and then in the parent", function()
        prepare(client)
        client:process()
        assert.equal("0 ", in_child(function()
          client:process()
          check_client(client, 100)
          client:pollfd()
          check_client(client, 200)
          client:close()
        end))
        check_client(client, 300)
      end)

      it("that " .. what .. " can be closed and collected in the child, and works in the parent", function()
        prepare(client)
        assert.equal("0 ", in_child(function()
          client:close()
          client = nil
          collectgarbage()
          collectgarbage()
        end))
        client:process()
        check_client(client, 300)
      end)
    end

    it("works in the child of a child", function()
      check_client(client, 1)
      assert.equal("0 ", in_child(function()
        check_client(client, 100)
        assert.equal("0 ", in_child(function() check_client(client, 200) end))
        check_client(client, 300)
      end))
      check_client(client, 400)
    end)

    it("works in many children of one parent", function()
      for round = 1, 20 do
        local calls = {}
        for i = 1, 5 do
          calls[i] = client:start("get_customer", id_of(i))
        end
        assert.equal("0 ", in_child(function()
          check_customer(100 + round, client:get_customer(id_of(100 + round)))
          for i = 1, 5 do
            local customer, err = calls[i]:result()
            assert(customer or err.category == "cancelled", tostring(err))
          end
        end))
        for i = 1, 5 do
          check_customer(i, calls[i]:result())
        end
      end
    end)
  end)

  describe("calls in flight at the fork, " .. mode .. ",", function()
    --- In the child, what ends them.
    local ENDS = {
      result = function() end,
      done = function(_, calls) assert(calls[1]:done()) end,
      process = function(client) assert(#client:process() == 3) end,
      cancel = function(_, calls) calls[2]:cancel() end,
      close = function(client) client:close() end,
      start = function(client) client:start("get_customer", "nobody") end,
      pollfd = function(client) client:pollfd() end,
    }

    for method, finish in pairs(ENDS) do
      it("are cancelled in the child, with " .. method .. ", and finish in the parent", function()
        local server = assert(sandbox.start())
        local client = assert(partnercenter.new(access.options(server)))
        server:fail { delay = 0.5, times = 3 }
        if is_threaded then
          client:pollfd()
        end
        local calls = {}
        for i = 1, 3 do
          calls[i] = client:start("get_customer", id_of(i))
        end
        client:process()
        assert.equal("0 ", in_child(function()
          finish(client, calls)
          for i = 3, 1, -1 do
            check_cancelled(calls[i])
          end
        end))
        for i = 1, 3 do
          check_customer(i, calls[i]:result())
        end
        client:close()
        server:stop()
      end)
    end

    it("leave a token that was on its way to the parent, and the child gets its own", function()
      local server = assert(sandbox.start())
      local client = assert(partnercenter.new(server:client_options()))
      server:fail { delay = 0.3, path = "/oauth2/token" }
      if is_threaded then
        client:pollfd()
      end
      local call = client:start("get_customer", id_of(1))
      client:process()
      assert.equal("0 ", in_child(function()
        check_customer(2, client:get_customer(id_of(2)))
        check_cancelled(call)
        check_client(client, 100)
      end))
      check_customer(1, call:result())
      client:close()
      server:stop()
    end)

    it("are told as events to the parent alone", function()
      local raw = servers.raw()
      local events = {}
      local client = assert(partnercenter.new {
        base_url = raw.url "stall", access_token = "token", on_event = function(event) events[#events + 1] = event.type end,
      })
      if is_threaded then
        client:pollfd()
      end
      local call = client:start("get_customer", id_of(1))
      repeat client:process() until #raw.requests() == 1
      assert.equal("0 ", in_child(function()
        events = {}
        check_cancelled(call)
        assert(#events == 0, table.concat(events, " "))
      end))
      call:cancel()
      check_cancelled(call)
      assert.same({ "request", "response" }, events)
      client:close()
      raw.stop()
    end)
  end)
end

describe("calls whose token was refused before the fork", function()
  it("are sent once more by the parent alone", function()
    local server = assert(sandbox.start())
    local client = assert(partnercenter.new(server:client_options()))
    check_customer(1, client:get_customer(id_of(1)))
    client:pollfd()
    server:fail { status = 401, times = 3 }
    local calls = {}
    for i = 1, 3 do
      calls[i] = client:start("get_customer", id_of(i))
    end
    for i = 1, 3 do
      repeat until client.core:state(calls[i].task.call) == "done" -- which the script was not told
    end
    assert.equal("0 ", in_child(function()
      for i = 1, 3 do
        local customer, err = calls[i]:result()
        assert(customer == nil and err.status == 401, tostring(err))
      end
      check_client(client, 100)
    end))
    for i = 1, 3 do
      check_customer(i, calls[i]:result())
    end
    local count = 0
    for _, request in ipairs(server:requests()) do
      count = count + (request.path:find(id_of(3), 1, true) and 1 or 0)
    end
    assert.equal(2, count)
    client:close()
    server:stop()
  end)
end)
