-- SPDX-License-Identifier: MIT
--- What a client tells of retries and of a throttle, with a clock that jumps over the pauses.
local access = require "tests.support.access"
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

--- So long in seconds that no timeout or deadline ends a call while the clock jumps.
local FAR = 2000000

local server, client, events

before_each(function()
  server = assert(sandbox.start())
  events = {}
  client = assert(partnercenter.new {
    base_url = server:base_url(), access_token = access.token(server), timeout = FAR, deadline = FAR,
    on_event = function(event) events[#events + 1] = event end,
  })
end)

after_each(function()
  client:close()
  server:stop()
end)

--- Jumps over every pause until the call has ended.
local function jump(call)
  while not call:done() do
    socket.sleep(0.001)
    core.advance(20)
  end
  return call:result()
end

--- The events in one line: type, attempt, and the status where there is one.
local function line()
  local parts = {}
  for i, event in ipairs(events) do
    parts[i] = event.type .. event.attempt .. (event.status and ":" .. event.status or "")
  end
  return table.concat(parts, " ")
end

--- The fields that each event of the call has, beside these.
local function assert_event(meta, expected, event)
  local copy = {}
  for name, value in pairs(event) do
    copy[name] = value
  end
  expected.operation, expected.method, expected.customer_id = "get_customer", "GET", CUSTOMER
  expected.request_id, expected.correlation_id = meta.request_id, meta.correlation_id
  assert.is_number(copy.time)
  expected.time = copy.time
  assert.same(expected, copy)
end

for _, threaded in ipairs { false, true } do
  describe(threaded and "with a thread" or "without a thread", function()
    --- A thread that sleeps does not see the clock jump: its pauses are short, and waited for.
    local finish = threaded and function(call) return call:result() end or jump
    local pause = threaded and 1 or 30

    before_each(function()
      if threaded then
        client:pollfd()
      end
    end)

    it("each retry is told, with its pause", function()
      server:fail { status = 503, times = 2 }
      local _, err, meta = finish(client:start("get_customer", CUSTOMER))
      assert.is_nil(err)
      assert.equal(3, meta.attempts)
      assert.equal("request1 response1:503 retry1:503 request2 response2:503 retry2:503 request3 response3:200", line())
      for attempt, i in ipairs { 3, 6 } do
        local backoff = events[i].pause
        assert.is_true(backoff >= 0 and backoff <= 0.5 * 2 ^ (attempt - 1))
        assert_event(meta, {
          type = "retry", attempt = attempt, status = 503, category = "server_busy", pause = backoff,
        }, events[i])
        assert.equal("server_busy", events[i - 1].category)
      end
      assert.is_nil(events[8].category)
    end)

    it("no retry is told behind the last attempt", function()
      server:fail { status = 500, times = 10 }
      local _, err, meta = finish(client:start("get_customer", CUSTOMER, { max_retries = 1 }))
      assert.equal("server_error", err.category)
      assert.equal(2, meta.attempts)
      assert.equal("request1 response1:500 retry1:500 request2 response2:500", line())
    end)

    it("a throttle is told, with its Retry-After, and the pause that comes of it", function()
      server:fail { status = 429, headers = { ["Retry-After"] = tostring(pause) } }
      local _, err, meta = finish(client:start("get_customer", CUSTOMER))
      assert.is_nil(err)
      assert.equal("request1 response1:429 throttle1:429 retry1:429 request2 response2:200", line())
      assert_event(meta, {
        type = "throttle", attempt = 1, status = 429, category = "too_many_requests", retry_after = pause,
      }, events[3])
      assert.is_true(events[4].pause > pause - 1 and events[4].pause <= pause)
    end)

    it("a throttle that is not waited for is told without a retry", function()
      server:fail { status = 429, headers = { ["Retry-After"] = "121" } }
      local _, err = client:get_customer(CUSTOMER)
      assert.equal("too_many_requests", err.category)
      assert.equal("request1 response1:429 throttle1:429", line())
      assert.equal(121, events[3].retry_after)
      events = {}
      _, err = client:get_customer(CUSTOMER)
      assert.equal("too_many_requests", err.category)
      assert.equal(0, err.attempts)
      assert.same({}, events)
    end)

    it("a Retry-After of another status is no throttle", function()
      server:fail { status = 503, headers = { ["Retry-After"] = tostring(pause) } }
      assert(finish(client:start("get_customer", CUSTOMER)))
      assert.equal("request1 response1:503 retry1:503 request2 response2:200", line())
      assert.equal(pause, events[3].pause)
    end)

    it("the retries of a call stay in order with those of another", function()
      server:fail { status = 503, times = 6 }
      local calls, orders = {}, {}
      for i = 1, 5 do
        calls[i] = client:start("get_customer", CUSTOMER)
      end
      for _, call in ipairs(calls) do
        assert(finish(call))
      end
      for _, event in ipairs(events) do
        local order = orders[event.request_id] or {}
        orders[event.request_id] = order
        order[#order + 1] = event.type .. event.attempt
      end
      local count = 0
      for _, order in pairs(orders) do
        local expected = {}
        for attempt = 1, (#order + 1) / 3 do
          for _, kind in ipairs { "request", "response", "retry" } do
            expected[#expected + 1] = kind .. attempt
          end
        end
        expected[#expected] = nil -- behind the last attempt there is no retry
        assert.same(expected, order)
        count = count + 1
      end
      assert.equal(5, count)
    end)
  end)
end

it("a retry and a refused token count the attempts of the same call", function()
  client:close()
  client = assert(partnercenter.new(access.credentials(server, {
    timeout = FAR, deadline = FAR, on_event = function(event) events[#events + 1] = event end,
  })))
  server:fail { status = 503 }
  server:fail { status = 401 }
  local _, err, meta = jump(client:start("get_customer", CUSTOMER))
  assert.is_nil(err)
  assert.equal(3, meta.attempts)
  local types = {}
  for i, event in ipairs(events) do
    types[i] = event.type .. (event.attempt or "")
  end
  assert.equal("token request1 response1 retry1 request2 response2 token request3 response3", table.concat(types, " "))
end)
