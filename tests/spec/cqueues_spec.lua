-- SPDX-License-Identifier: MIT
--- cqueues drives a client.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local function id_of(i)
  return ("%08d-4f89-41d3-9a0c-0305e82c3301"):format(i)
end

describe("a client in cqueues", function()
  if _VERSION ~= "Lua 5.4" then
    it("is tried on Lua 5.4", function() print("skipped: cqueues is tried on Lua 5.4, and this is " .. _VERSION) end)
    return
  end

  local cqueues = require "cqueues"
  local condition = require "cqueues.condition"
  local server, client, loop

  --- How to wait for a call in a coroutine, while one of them polls for all: it hands out the ends.
  local function new_poller()
    local ended, is_over, over = {}, false, condition.new()
    local poller = { changed = condition.new() }

    function poller.wait(call)
      while not ended[call] do
        poller.changed:wait()
      end
      return call:result()
    end

    function poller.stop()
      is_over = true
      over:signal()
    end

    loop:wrap(function()
      while not is_over do
        cqueues.poll(client, over)
        for _, call in ipairs(client:process()) do
          ended[call] = true
        end
        poller.changed:signal()
      end
    end)
    return poller
  end

  before_each(function()
    server = assert(sandbox.start { latency = 0.05 })
    loop = cqueues.new()
  end)

  after_each(function()
    client:close()
    server:stop()
    loop = nil -- it closes its descriptors when it is collected
  end)

  --- Makes 40 calls in 8 coroutines beside a timer; returns the fewest times that it ticked during one of them.
  local function fewest_ticks()
    local poller, done, ticks, fewest = new_poller(), 0, 0, math.huge
    for i = 1, 8 do
      loop:wrap(function()
        for j = 1, 5 do
          local id, before = id_of(100 * i + j), ticks
          local call = client:start("get_customer", id)
          local customer, err = poller.wait(call)
          assert(customer and customer.id == id, err)
          fewest = math.min(fewest, ticks - before)
        end
        done = done + 1
        if done == 8 then
          poller.stop()
        end
      end)
    end
    loop:wrap(function()
      while done < 8 do
        cqueues.sleep(0.001)
        ticks = ticks + 1
      end
    end)
    assert(loop:loop())
    assert.equal(8, done)
    return fewest
  end

  it("serves several coroutines, none of which stops the loop", function()
    client = assert(partnercenter.new(server:client_options()))
    local fewest = fewest_ticks()
    assert.equal(40, #access.service_requests(server))
    for _, latency in ipairs { 0.5, 5 } do -- a machine that is slow ticks more often when it is given longer
      if fewest < 3 then
        client:close()
        server:stop()
        server = assert(sandbox.start { latency = latency })
        client = assert(partnercenter.new(server:client_options()))
        fewest = fewest_ticks()
      end
    end
    assert.is_true(fewest >= 3, "the timer ticked only " .. fewest .. " times during a call")
  end)

  it("wakes a coroutine whose call another one has taken to its end", function()
    client = assert(partnercenter.new(access.options(server)))
    local seen
    loop:wrap(function()
      local call = client:start("get_customer", id_of(1))
      loop:wrap(function()
        repeat -- and takes its end from the descriptor
          assert(client:get_customer(id_of(2)))
        until call.results
      end)
      cqueues.poll(client)
      seen = client:process()[1] == call
    end)
    assert(loop:loop())
    assert.is_true(seen)
  end)

  it("may poll before anything was started", function()
    client = assert(partnercenter.new(access.options(server)))
    local result
    loop:wrap(function()
      local ready = cqueues.poll(client, 0.01)
      assert(ready == 0.01)
      local call = client:start("get_customer", id_of(1))
      repeat
        cqueues.poll(client)
      until client:process()[1] == call
      result = call:result()
    end)
    assert(loop:loop())
    assert.equal(id_of(1), result.id)
  end)
end)
