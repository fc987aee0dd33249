-- SPDX-License-Identifier: MIT
--- Calls that are started: their handles, with and without a thread of the engine's own.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local unpack = rawget(table, "unpack") or _G.unpack

local server, client

before_each(function() server = assert(sandbox.start { vetting_time = 3600 }) end)
after_each(function()
  client:close()
  server:stop()
end)

local function id_of(i)
  return ("%08d-4f89-41d3-9a0c-0305e82c3301"):format(i)
end

--- The modes in which the engine runs.
local MODES = { ["driven by the script"] = false, ["with a thread of its own"] = true }

--- Makes the client of a test, with credentials of the sandbox unless it brings a token.
local function new_client(is_threaded, options)
  local all = options and options.access_token and access.options(server) or server:client_options()
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  client = assert(partnercenter.new(all))
  if is_threaded then
    client:pollfd()
  end
end

--- Moves things on until the call is in this state.
local function wait_for(call, state)
  while client.core:state(call.task.call) ~= state do
    assert.is_false(call:done())
  end
end

--- Moves things on until so many calls have ended; returns them.
local function process(count)
  local finished = {}
  while #finished < count do
    for _, call in ipairs(client:process()) do
      finished[#finished + 1] = call
    end
  end
  return finished
end

local function assert_cancelled(call)
  local result, err, meta = call:result()
  assert.is_nil(result)
  assert.equal("cancelled", err.category)
  assert.is_false(err.retryable)
  assert.is_number(meta.attempts)
  return meta
end

local function assert_customer(id, customer, err)
  assert.is_nil(err)
  assert.equal(id, customer.id)
end

local OPERATIONS = {
  { "update_qualification", CUSTOMER, "Education", { website = "example.edu" } },
  { "get_qualifications", CUSTOMER },
  { "update_qualification_sync", CUSTOMER, "StateOwnedEntity" },
  { "get_qualification", CUSTOMER },
  { "get_validation_codes" },
  { "get_validation_status", CUSTOMER },
  { "get_customer", CUSTOMER },
}

for mode, is_threaded in pairs(MODES) do
  describe("a started call, " .. mode .. ",", function()
    for _, row in ipairs(OPERATIONS) do
      it("gives what " .. row[1] .. " returns, as often as it is asked", function()
        new_client(is_threaded)
        local direct, direct_err = client[row[1]](client, unpack(row, 2))
        local other = sandbox.start { vetting_time = 3600 }
        client:close()
        server:stop()
        server = other
        new_client(is_threaded)
        local call = client:start(unpack(row))
        for _ = 1, 3 do
          local result, err, meta = call:result()
          for _, each in ipairs { result or {}, direct or {} } do
            each.vettingCreateDate, each.lastUpdateDateTime = nil, nil
          end
          assert.same(direct, result)
          assert.same(direct_err and direct_err.code, err and err.code)
          assert.equal(1, meta.attempts)
          assert.is_true(call:done())
        end
      end)
    end

    it("is there at once, and not done before its answer is", function()
      new_client(is_threaded, { access_token = access.token(server) })
      server:fail { delay = 3600 }
      local call = client:start("get_customer", CUSTOMER)
      repeat
        assert.is_false(call:done())
      until #access.service_requests(server) == 1
      assert.is_false(call:done())
      call:cancel()
      assert_cancelled(call)
      assert.is_true(call:done())
    end)

    it("ends with bad data as the method does", function()
      new_client(is_threaded)
      local call = client:start("get_customer", "nobody")
      assert.is_true(call:done())
      assert.same({ call }, client:process())
      local result, err, meta = call:result()
      assert.is_nil(result)
      assert.equal("bad_input", err.category)
      assert.equal(0, meta.attempts)
    end)

    it("progresses while another one is waited for", function()
      new_client(is_threaded)
      local calls = {}
      for i = 1, 20 do
        calls[i] = client:start("get_customer", id_of(i))
      end
      server:fail { delay = 0.3, path = id_of(21) }
      assert_customer(id_of(21), client:start("get_customer", id_of(21)):result())
      for i = 1, 20 do
        assert_customer(id_of(i), calls[i]:result())
      end
    end)

    it("is one of a thousand in flight, each with the answer for its customer", function()
      new_client(is_threaded, { max_connections = 50 })
      local calls, order = {}, {}
      for i = 1, 1000 do
        calls[i] = client:start("get_customer", id_of(i))
        table.insert(order, math.random(i), i)
      end
      for _, i in ipairs(order) do
        assert_customer(id_of(i), calls[i]:result())
      end
      assert.same({}, client:process())
      assert.equal(1000, #access.service_requests(server))
      assert.equal(1001, #server:requests()) -- one token for all
    end)

    it("is told by process exactly once, a thousand of them too", function()
      new_client(is_threaded, { max_connections = 50 })
      local ids = {}
      for i = 1, 1000 do
        ids[client:start("get_customer", id_of(i))] = id_of(i)
      end
      for _, call in ipairs(process(1000)) do
        assert_customer(ids[call], call:result())
        ids[call] = nil
      end
      assert.is_nil(next(ids))
      assert.same({}, client:process())
    end)

    it("is told by process in the order of the ends, but not when its result was taken", function()
      new_client(is_threaded, { access_token = access.token(server) })
      server:fail { delay = 3600, times = 5 }
      local calls = {}
      for i = 1, 5 do
        calls[i] = client:start("get_customer", id_of(i))
        wait_for(calls[i], "active")
      end
      for _, i in ipairs { 4, 2, 5, 1, 3 } do
        calls[i]:cancel()
      end
      assert_cancelled(calls[5])
      local finished = process(4)
      for i, wanted in ipairs { 4, 2, 1, 3 } do
        assert.equal(calls[wanted], finished[i])
      end
      assert.same({}, client:process())
      assert_cancelled(calls[4])
    end)

    it("whose handle is dropped completes all the same", function()
      new_client(is_threaded)
      for i = 1, 10 do
        client:start("update_qualification", id_of(i), "Education")
      end
      collectgarbage()
      collectgarbage()
      for _, call in ipairs(process(10)) do
        assert.equal("InReview", assert(call:result()).vettingStatus)
      end
      for i = 1, 10 do
        assert.equal(1, #assert(client:get_qualifications(id_of(i))))
      end
    end)

    it("goes on between and during direct calls", function()
      new_client(is_threaded)
      local calls = {}
      for i = 1, 30 do
        calls[i] = client:start("get_customer", id_of(i))
        if i % 3 == 0 then
          assert_customer(id_of(i), client:get_customer(id_of(i)))
        end
      end
      for i = 30, 1, -1 do
        assert_customer(id_of(i), calls[i]:result())
      end
    end)

    it("may be waited for in a coroutine of the script's", function()
      new_client(is_threaded)
      local threads = {}
      for i = 1, 5 do
        threads[i] = coroutine.create(function()
          local call = client:start("get_customer", id_of(i))
          coroutine.yield(i)
          local customer = assert(call:result())
          assert_customer(id_of(i), client:get_customer(id_of(i)))
          coroutine.yield(customer.id)
        end)
      end
      for i = 1, 5 do
        assert.same({ true, i }, { coroutine.resume(threads[i]) })
      end
      for i = 5, 1, -1 do
        assert.same({ true, id_of(i) }, { coroutine.resume(threads[i]) })
      end
    end)

    it("asks for one token together with all others, and again when it is refused", function()
      new_client(is_threaded)
      local calls = {}
      for i = 1, 10 do
        server:fail { status = 401, path = id_of(i) }
        calls[i] = client:start("get_customer", id_of(i))
      end
      for i = 1, 10 do
        assert_customer(id_of(i), calls[i]:result())
      end
      assert.equal(20, #access.service_requests(server))
      assert.equal(22, #server:requests())
    end)

    it("gets the error of the token that it waits for", function()
      new_client(is_threaded)
      server:fail { status = 400, times = 1, path = "/oauth2/token" }
      local calls = { client:start("get_customer", CUSTOMER), client:start("get_customer", CUSTOMER) }
      for _, call in ipairs(calls) do
        local _, err, meta = call:result()
        assert.equal("unauthorized", err.category)
        assert.equal(0, meta.attempts)
      end
      assert_customer(CUSTOMER, client:get_customer(CUSTOMER))
    end)
  end)

  --- What brings a call into each state.
  local STATES = {
    parked = { prepare = function() server:fail { delay = 3600, path = "/oauth2/token" } end, attempts = 0 },
    queued = { occupied = true, attempts = 0 },
    active = { prepare = function() server:fail { delay = 3600, path = CUSTOMER } end, attempts = 1 },
    paused = {
      prepare = function() server:fail { status = 503, headers = { ["Retry-After"] = "100" }, path = CUSTOMER } end,
      attempts = 1,
    },
  }

  --- Starts a call and moves things on until it is in this state.
  local function start_until(state)
    local row = STATES[state]
    new_client(is_threaded, { max_connections = 1, access_token = state ~= "parked" and access.token(server) or nil })
    if row.occupied then
      server:fail { delay = 3600, path = id_of(1) }
      wait_for(client:start("get_customer", id_of(1)), "active")
    else
      row.prepare()
    end
    local call = client:start("get_customer", CUSTOMER)
    wait_for(call, state)
    while state == "active" and #access.service_requests(server) == 0 do
      assert.is_false(call:done())
    end
    return call, row.attempts
  end

  describe("cancel, " .. mode .. ",", function()
    for state in pairs(STATES) do
      it("ends a call that is " .. state .. ", twice as well as once", function()
        local call, attempts = start_until(state)
        call:cancel()
        call:cancel()
        assert.equal(attempts, assert_cancelled(call).attempts)
        call:cancel()
        assert_cancelled(call)
        assert.is_true(call:done())
      end)

      it("of the client's close ends a call that is " .. state, function()
        local call, attempts = start_until(state)
        client:close()
        assert.is_true(call:done())
        assert.equal(attempts, assert_cancelled(call).attempts)
      end)
    end

    it("right after the start ends the call", function()
      new_client(is_threaded, { access_token = access.token(server) })
      server:fail { delay = 3600, times = 100 }
      for i = 1, 100 do
        local call = client:start("get_customer", id_of(i))
        call:cancel()
        assert_cancelled(call)
      end
    end)

    it("leaves a call as it is that has ended", function()
      new_client(is_threaded)
      local call = client:start("get_customer", CUSTOMER)
      assert_customer(CUSTOMER, call:result())
      call:cancel()
      assert_customer(CUSTOMER, call:result())
    end)

    it("of the call that asked for a token leaves the others that wait for it", function()
      server:fail { delay = 0.2, path = "/oauth2/token" }
      new_client(is_threaded)
      local first, second = client:start("get_customer", id_of(1)), client:start("get_customer", id_of(2))
      wait_for(first, "parked")
      first:cancel()
      assert_cancelled(first)
      assert_customer(id_of(2), second:result())
      assert_customer(CUSTOMER, client:get_customer(CUSTOMER))
      assert.equal(3, #server:requests())
    end)

    it("of some calls that wait for a token leaves the others their error", function()
      server:fail { delay = 0.2, status = 400, path = "/oauth2/token" }
      new_client(is_threaded)
      local first, second = client:start("get_customer", id_of(1)), client:start("get_customer", id_of(2))
      first:cancel()
      assert_cancelled(first)
      assert.equal("unauthorized", select(2, second:result()).category)
      assert.is_nil(next(client.credentials.parked.failures))
    end)

    it("while tokens come and are refused leaves no call behind", function()
      server:fail { status = 401, times = 50 }
      new_client(is_threaded, { max_connections = 5 })
      local calls = {}
      for i = 1, 200 do
        calls[i] = client:start("get_customer", id_of(i))
        if i % 7 == 0 then
          calls[math.random(i)]:cancel()
          client:process()
        end
      end
      for i = 1, 200 do
        local customer, err = calls[i]:result()
        if customer then
          assert_customer(id_of(i), customer)
        elseif err.category ~= "cancelled" then
          assert.equal(401, err.status) -- its second token was refused as well
        end
      end
      assert.is_nil(next(client.waiters))
    end)
  end)
end

describe("the deadline of a call that waits for a token", function()
  for mode, is_threaded in pairs(MODES) do
    it("ends it alone, " .. mode, function()
      server:fail { delay = 1, path = "/oauth2/token" }
      new_client(is_threaded)
      local hasty = client:start("get_customer", id_of(1), { deadline = 0.05 })
      local patient = client:start("get_customer", id_of(2))
      local _, err, meta = hasty:result()
      assert.equal("timeout", err.category)
      assert.matches("waited for an access token", err.message)
      assert.equal(0, meta.attempts)
      assert_customer(id_of(2), patient:result())
    end)
  end
end)

describe("cancel inside on_event", function()
  local call, wanted, failure

  --- Starts a call that is cancelled when it is told of an event.
  local function start(is_threaded, type)
    wanted, failure = type, nil
    new_client(is_threaded, {
      on_event = function(event)
        if event.type == wanted then
          local ok, raised = pcall(call.cancel, call)
          failure = not ok and raised or nil
        end
      end,
    })
    call = client:start("get_customer", CUSTOMER)
    return call
  end

  for _, type in ipairs { "request", "token" } do
    it("of the type " .. type .. " ends the call", function()
      server:fail { delay = 0.2 }
      assert_cancelled(start(false, type))
      assert.is_nil(failure)
      wanted = nil
      assert_customer(CUSTOMER, client:get_customer(CUSTOMER))
    end)
  end

  it("that comes when the call has ended leaves its result", function()
    assert_customer(CUSTOMER, start(false, "response"):result())
    client:close()
    assert_customer(CUSTOMER, start(true, "response"):result())
    assert.is_nil(failure)
  end)

  it("of a token ends the call also in the engine's thread", function()
    assert_cancelled(start(true, "token"))
    assert.is_nil(failure)
    wanted = nil
    assert_customer(CUSTOMER, client:get_customer(CUSTOMER))
  end)
end)

describe("events", function()
  it("of calls that are in flight when the thread starts come complete and in order", function()
    local types = {}
    new_client(false, {
      access_token = access.token(server),
      on_event = function(event)
        types[event.customer_id] = (types[event.customer_id] or "") .. event.type .. " "
      end,
    })
    server:fail { status = 503, times = 5, headers = { ["Retry-After"] = "0" } }
    local calls = {}
    for i = 1, 20 do
      calls[i] = client:start("get_customer", id_of(i))
    end
    client.core:drive(nil, 0)
    client:pollfd()
    local repeated = 0
    for i = 1, 20 do
      local _, _, meta = calls[i]:result()
      local attempts = ("request response "):rep(meta.attempts, "retry ")
      if _VERSION == "Lua 5.1" then -- its rep has no separator
        attempts = ("retry request response "):rep(meta.attempts):sub(#"retry " + 1)
      end
      assert.equal(attempts, types[id_of(i)])
      repeated = repeated + meta.attempts - 1
    end
    assert.equal(5, repeated)
  end)
end)

describe("a refresh_token function", function()
  local refresh_token, started

  --- The client asks this function, which may do what else it likes.
  local function asked(act, is_threaded)
    refresh_token = server:client_options().refresh_token
    new_client(is_threaded, { refresh_token = function()
      act()
      return refresh_token
    end })
  end

  for mode, is_threaded in pairs(MODES) do
    it("may start a call, which waits for the same token, " .. mode, function()
      asked(function() started = client:start("get_customer", id_of(2)) end, is_threaded)
      assert_customer(id_of(1), client:get_customer(id_of(1)))
      assert_customer(id_of(2), started:result())
      assert.equal(3, #server:requests())
    end)
  end

  it("that gives none leaves the call that it started with the same error", function()
    asked(function()
      started = client:start("get_customer", id_of(2))
      refresh_token = nil
    end)
    for _, call in ipairs { client:start("get_customer", id_of(1)), started } do
      local _, err, meta = call:result()
      assert.equal("unauthorized", err.category)
      assert.matches("the refresh_token function returned no token", err.message)
      assert.equal(0, meta.attempts)
    end
    assert.same({}, server:requests())
  end)

  it("cannot wait for a call of the same client", function()
    local err
    asked(function() err = select(2, client:get_customer(id_of(2))) end)
    assert_customer(id_of(1), client:get_customer(id_of(1)))
    assert.equal("unauthorized", err.category)
    assert.matches("the refresh_token function made a call of the client that waits for its token", err.message)
  end)
end)

describe("a token_cache that closes the client", function()
  for _, token in ipairs { "9999999999 token", false } do
    it("cancels the call, with " .. tostring(token), function()
      new_client(false, { token_cache = {
        get = function()
          client:close()
          return token or nil
        end,
        set = function() end,
      } })
      local call = client:start("get_customer", CUSTOMER)
      assert_cancelled(call)
      assert.same({}, server:requests())
    end)
  end
end)

describe("a call that waits for itself", function()
  --- Waits for a started call inside the function that is asked for its token a second time.
  local function result_of(wait)
    local call, token
    local first = access.token(server)
    new_client(false, { access_token = function()
      if not call then
        return first, 3600
      end
      return token or wait(call), 3600
    end })
    server:fail { status = 401 }
    call = client:start("get_customer", CUSTOMER)
    token = nil
    return call:result()
  end

  for how, wait in pairs {
    ["itself"] = function(call) return call:result() end,
    ["in a coroutine of its own"] = function(call)
      local _, result = assert(coroutine.resume(coroutine.create(call.result), call))
      return result
    end,
  } do
    it("is refused, " .. how, function()
      local _, err = result_of(wait)
      assert.equal("callback", err.category)
      assert.matches("a call cannot wait for itself", err.message)
    end)
  end
end)

describe("start", function()
  local SCRIPT = "started_spec.lua:%d: "

  local function line_of_caller()
    return debug.getinfo(2, "l").currentline
  end

  for what, row in pairs {
    ["a customer id that is none"] = { "bad argument 'customer_id' (string expected, got nil)", "get_customer" },
    ["an unknown option"] = { "unknown option 'patience'", "get_customer", CUSTOMER, { patience = 1 } },
    ["customers"] = { "bad argument 'method_name' (customers cannot be started; allowed: wait_for_vetting, ", "customers" },
    ["close"] = { "bad argument 'method_name' (close cannot be started; allowed: wait_for_vetting, ", "close" },
    ["no method"] = { "bad argument 'method_name' (nonsense cannot be started; allowed: wait_for_vetting, ", "nonsense" },
    ["no name"] = { "bad argument 'method_name' (nil cannot be started; allowed: wait_for_vetting, " },
  } do
    it("raises at its line for " .. what, function()
      new_client(false)
      local line
      local ok, raised = pcall(function()
        line = line_of_caller() + 1
        local _ = client:start(unpack(row, 2, 5))
      end)
      assert.is_false(ok)
      assert.matches(SCRIPT:format(line) .. row[1], raised, 1, true)
      assert.same({}, client:process())
    end)
  end

  for _, method in ipairs { "start", "pollfd", "process", "timeout" } do
    it("and the rest raise on a closed client: " .. method, function()
      new_client(false)
      client:close()
      local line
      local ok, raised = pcall(function()
        line = line_of_caller() + 1
        local _ = client[method](client, "get_customer", CUSTOMER)
      end)
      assert.is_false(ok)
      assert.matches(SCRIPT:format(line) .. "the client is closed", raised, 1, true)
    end)
  end

  for _, method in ipairs { "result", "done", "cancel" } do
    it("gives a handle that wants a colon: " .. method, function()
      new_client(false)
      local call = client:start("get_customer", CUSTOMER)
      local ok, raised = pcall(function() return call[method]() end)
      assert.is_false(ok)
      local message = "bad self of '%s' (call expected, got nil): call it as call:%s()"
      assert.matches(message:format(method, method), raised, 1, true)
    end)
  end
end)
