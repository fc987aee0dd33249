-- SPDX-License-Identifier: MIT
--- What a client tells of its calls.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local server, client, events

local function record(event)
  events[#events + 1] = event
end

--- A client with the sandbox's credentials and changes to them, that is told of what happens.
local function connect(changes)
  local options = access.credentials(server, { on_event = record })
  for name, value in pairs(changes or {}) do
    options[name] = value or nil
  end
  client = assert(partnercenter.new(options))
end

before_each(function()
  server = assert(sandbox.start())
  events = {}
end)

after_each(function()
  if client then
    client:close()
  end
  client = nil
  server:stop()
end)

--- The types of events, in one line, with the attempts and statuses that they tell.
local function line(list)
  local parts = {}
  for i, event in ipairs(list) do
    local part = event.type
    part = event.attempt and part .. event.attempt or part
    parts[i] = event.status and ("%s:%d"):format(part, event.status) or part
  end
  return table.concat(parts, " ")
end

--- The events of one call, in the order in which they were told.
local function events_of(meta)
  local list = {}
  for _, event in ipairs(events) do
    if event.request_id == meta.request_id then
      list[#list + 1] = event
    end
  end
  return list
end

--- The event has these fields and no other; `true` stands for a number of seconds.
local function assert_event(expected, event)
  local seen = {}
  for name, value in pairs(event) do
    seen[name] = value
  end
  expected.time = true
  for name, value in pairs(expected) do
    if value == true then
      assert.is_number(seen[name])
      assert.is_true(seen[name] >= 0)
      seen[name] = true
    end
  end
  assert.same(expected, seen)
end

describe("the events of a call", function()
  it("have these fields", function()
    connect()
    local before = os.time()
    local _, err, meta = client:update_qualification(CUSTOMER:upper(), "education")
    assert.is_nil(err)
    local about = {
      operation = "update_qualification", method = "POST", customer_id = CUSTOMER, qualification = "Education",
      request_id = meta.request_id, correlation_id = meta.correlation_id, attempt = 1,
    }
    local function with(fields)
      for name, value in pairs(about) do
        fields[name] = value
      end
      return fields
    end
    assert.equal("token request1 response1:201", line(events))
    assert_event({ type = "token", source = "refresh_token", elapsed = true, expires_in = 3600 }, events[1])
    assert_event(with { type = "request" }, events[2])
    assert_event(with { type = "response", status = 201, elapsed = true }, events[3])
    for i, event in ipairs(events) do
      assert.is_true(event.time >= before and event.time <= os.time() + 1)
      assert.is_true(i == 1 or event.time >= events[i - 1].time)
    end
    assert.is_nil(meta.event_error)
  end)

  it("leave out what the call has not", function()
    connect { access_token = access.token(server), tenant_id = false, client_id = false, client_secret = false,
      refresh_token = false }
    local _, _, meta = client:get_validation_codes { request_id = CUSTOMER:upper() }
    assert_event({
      type = "request", operation = "get_validation_codes", method = "GET", request_id = meta.request_id,
      correlation_id = meta.correlation_id, attempt = 1,
    }, events[1])
    assert.equal(2, #events)
  end)

  local methods = {
    { "update_qualification_sync", "PUT", { CUSTOMER, 3 }, "GovernmentCommunityCloud",
      options = { validation_code = "0" } },
    { "get_qualifications", "GET", { CUSTOMER } },
    { "get_qualification", "GET", { CUSTOMER } },
    { "get_validation_status", "GET", { CUSTOMER } },
    { "get_customer", "GET", { CUSTOMER } },
  }
  for _, row in ipairs(methods) do
    it("name the method " .. row[1], function()
      connect()
      local arguments = row[3]
      arguments[#arguments + 1] = row.options
      local _, err = client[row[1]](client, arguments[1], arguments[2], arguments[3])
      assert.is_nil(err)
      for i = 2, 3 do
        assert.equal(row[1], events[i].operation)
        assert.equal(row[2], events[i].method)
        assert.equal(CUSTOMER, events[i].customer_id)
        assert.equal(row[4], events[i].qualification)
      end
    end)
  end

  it("tell of each page of a listing", function()
    connect()
    for customer in client:customers { page_size = 2 } do
      assert.is_table(customer)
    end
    assert.equal("token request1 response1:200 request1 response1:200", line(events))
    assert.not_equal(events[2].request_id, events[4].request_id)
  end)

  it("tell of a failure by its category", function()
    connect()
    assert(client:get_customer(CUSTOMER))
    server:fail { status = 404 }
    client:get_customer(CUSTOMER)
    assert.equal(404, events[5].status)
    assert.equal("not_found", events[5].category)
    assert.is_nil(events[4].category)
    assert.is_nil(events[3].category)
  end)

  it("tell of an answer that is missing, or was cut off", function()
    local raw = servers.raw()
    local rows = {
      { raw.url "cut", "network", status = 200 },
      { raw.url "stall", "timeout", 0.2 },
      { raw.url "not_http", "response_parsing" },
      { "http://127.0.0.1:" .. servers.free_port(), "network" },
    }
    for _, row in ipairs(rows) do
      events = {}
      client = assert(partnercenter.new {
        base_url = row[1], access_token = "token", max_retries = 0, timeout = row[3], on_event = record,
      })
      local _, err = client:get_customer(CUSTOMER)
      assert.equal(row[2], err.category)
      assert.equal(2, #events)
      assert.equal("response", events[2].type)
      assert.equal(row[2], events[2].category)
      assert.equal(row.status, events[2].status)
      assert.is_number(events[2].elapsed)
      client:close()
    end
    raw.stop()
  end)

  it("are none where nothing is sent", function()
    connect()
    client:get_customer "nobody"
    assert.same({}, events)
    client:start("get_customer", CUSTOMER):cancel()
    assert.same({}, events)
  end)

  it("tell of a refused token, and of the next one, in order", function()
    for _, mode in ipairs { "direct", "started", "threaded" } do
      events = {}
      connect()
      if mode == "threaded" then
        client:pollfd()
      end
      server:fail { status = 401 }
      local _, err, meta
      if mode == "direct" then
        _, err, meta = client:get_customer(CUSTOMER)
      else
        _, err, meta = client:start("get_customer", CUSTOMER):result()
      end
      assert.is_nil(err)
      assert.equal("token request1 response1:401 token request2 response2:200", line(events), mode)
      assert.equal("unauthorized", events[3].category)
      assert.equal(4, #events_of(meta))
      client:close()
    end
  end)

  it("come in the order of the call, whatever the others do", function()
    for _, threaded in ipairs { false, true } do
      events = {}
      connect()
      if threaded then
        client:pollfd()
      end
      local calls, metas = {}, {}
      for i = 1, 50 do
        calls[i] = client:start("get_customer", CUSTOMER)
      end
      for i, call in ipairs(calls) do
        metas[i] = select(3, call:result())
      end
      assert.equal(101, #events)
      assert.equal("token", events[1].type)
      for _, meta in ipairs(metas) do
        assert.equal("request1 response1:200", line(events_of(meta)))
      end
      client:close()
    end
  end)
end)

describe("the event of a token", function()
  it("tells where it was asked for", function()
    local kept
    local cache = { get = function() return kept end, set = function(_, _, value) kept = value end }
    local token = access.token(server)
    local given = { tenant_id = false, client_id = false, client_secret = false, refresh_token = false }
    given.access_token = function() return token, "600" end
    for _, row in ipairs {
      { { refresh_token = false }, "client_credentials", 3600 },
      { {}, "refresh_token", 3600 },
      { { token_cache = cache }, "refresh_token", 3600 },
      { { token_cache = cache }, "token_cache", true },
      { given, "access_token", 600 },
    } do
      events = {}
      connect(row[1])
      assert(client:get_customer(CUSTOMER))
      assert.equal("token request1 response1:200", line(events))
      assert_event({ type = "token", source = row[2], elapsed = true, expires_in = row[3] }, events[1])
      client:close()
    end
  end)

  it("tells why there is none", function()
    local given = { tenant_id = false, client_id = false, client_secret = false, refresh_token = false }
    local function with(fn)
      local options = { access_token = fn }
      for name, value in pairs(given) do
        options[name] = value
      end
      return options
    end
    local broken = { get = function() error "gone" end, set = print }
    for _, row in ipairs {
      { { refresh_token = "wrong" }, "refresh_token", "unauthorized", 400, "invalid_grant" },
      { { refresh_token = false, client_secret = "wrong" }, "client_credentials", "unauthorized", 401, "invalid_client" },
      { { login_url = "http://127.0.0.1:" .. servers.free_port(), max_retries = 0 }, "refresh_token", "network" },
      { { on_refresh_token = function() error "full" end }, "refresh_token", "callback", nil, nil, 3600 },
      { { token_cache = broken }, "token_cache", "callback" },
      { with(function() return nil, "sealed" end), "access_token", "unauthorized" },
      { with(function() error "sealed" end), "access_token", "callback" },
    } do
      events = {}
      connect(row[1])
      local _, err = client:get_customer(CUSTOMER)
      assert.equal(row[3], err.category)
      assert.equal(1, #events)
      assert_event({
        type = "token", source = row[2], elapsed = true, category = row[3], status = row[4], code = row[5],
        expires_in = row[6],
      }, events[1])
      client:close()
    end
  end)

  it("is one for all calls that wait", function()
    connect { refresh_token = "wrong" }
    local calls = {}
    for i = 1, 5 do
      calls[i] = client:start("get_customer", CUSTOMER)
    end
    for _, call in ipairs(calls) do
      assert.equal("unauthorized", select(2, call:result()).category)
    end
    assert.equal("token:400", line(events))
  end)
end)

describe("an engine with a thread of its own", function()
  local function wait_for(fd)
    while #socket.select({ { getfd = function() return fd end } }, nil, 60) == 0 do end
  end

  it("tells when the call is collected", function()
    connect()
    assert(client:get_customer(CUSTOMER))
    events = {}
    local fd = client:pollfd()
    local call = client:start("get_customer", CUSTOMER)
    wait_for(fd)
    assert.same({}, events)
    assert.same({ call }, client:process())
    assert.equal("request1 response1:200", line(events))
    assert.equal(CUSTOMER, call:result().id)
    assert.equal(2, #events)
  end)

  it("tells of direct calls, too", function()
    connect()
    client:pollfd()
    assert(client:get_customer(CUSTOMER))
    assert.equal("token request1 response1:200", line(events))
  end)

  it("has told before the result is there", function()
    connect()
    local fd = client:pollfd()
    for i = 1, 10 do
      local call = client:start("get_customer", CUSTOMER)
      repeat
        wait_for(fd)
      until client:process()[1] == call
      assert.equal(1 + 2 * i, #events)
    end
  end)
end)

describe("an error in on_event", function()
  --- Ways to make a call.
  local MODES = {
    direct = function() return client:get_customer(CUSTOMER) end,
    started = function() return client:start("get_customer", CUSTOMER):result() end,
    threaded = function()
      client:pollfd()
      return client:start("get_customer", CUSTOMER):result()
    end,
  }

  for mode, call in pairs(MODES) do
    for _, kind in ipairs { "token", "request", "response" } do
      it(("never changes a result, and is in meta.event_error: %s, %s"):format(mode, kind), function()
        local cause, count = { code = 7 }, 0
        connect {
          on_event = function(event)
            count = count + 1
            if event.type == kind then
              error(cause)
            end
          end,
        }
        local result, err, meta = call()
        assert.is_nil(err)
        assert.equal(CUSTOMER, result.id)
        assert.equal(cause, meta.event_error)
        assert.equal(200, meta.status)
        assert.equal(3, count)

        server:fail { status = 404 }
        result, err, meta = call()
        assert.is_nil(result)
        assert.equal("not_found", err.category)
        assert.is_nil(err.event_error)
        assert.equal(kind ~= "token" and cause or nil, meta.event_error)
      end)
    end
  end

  it("is the first one", function()
    local count = 0
    connect {
      on_event = function()
        count = count + 1
        error(count, 0)
      end,
    }
    local _, err, meta = client:get_customer(CUSTOMER)
    assert.is_nil(err)
    assert.equal(1, meta.event_error)
    assert.equal(3, count)
    _, err, meta = client:get_customer(CUSTOMER)
    assert.is_nil(err)
    assert.equal(4, meta.event_error)
  end)

  it("may be nothing at all", function()
    connect { on_event = function() error() end }
    local _, err, meta = client:get_customer(CUSTOMER)
    assert.is_nil(err)
    assert.equal("nil", meta.event_error)
  end)

  it("told of a token is in the meta of every call that waited for it", function()
    connect {
      on_event = function(event)
        if event.type == "token" then
          error("lost", 0)
        end
      end,
    }
    local calls = {}
    for i = 1, 5 do
      calls[i] = client:start("get_customer", CUSTOMER)
    end
    for _, call in ipairs(calls) do
      local result, err, meta = call:result()
      assert.is_nil(err)
      assert.equal(CUSTOMER, result.id)
      assert.equal("lost", meta.event_error)
    end
    assert.is_nil((select(3, client:get_customer(CUSTOMER)).event_error))
  end)

  it("is in the meta of a call that gets no token", function()
    connect { refresh_token = "wrong", on_event = function() error("lost", 0) end }
    local result, err, meta = client:get_customer(CUSTOMER)
    assert.is_nil(result)
    assert.equal("invalid_grant", err.code)
    assert.equal("lost", meta.event_error)
    assert.equal(0, meta.attempts)
  end)
end)

describe("on_event", function()
  local function ways()
    return {
      direct = function() return client:get_customer(CUSTOMER) end,
      started = function() return client:start("get_customer", CUSTOMER):result() end,
      threaded = function()
        client:pollfd()
        return client:start("get_customer", CUSTOMER):result()
      end,
    }
  end

  for mode in pairs(ways()) do
    for _, kind in ipairs { "token", "request", "response" } do
      it(("may make calls of the client: %s, at a %s"):format(mode, kind), function()
        local inside, inner = false, nil
        connect {
          on_event = function(event)
            record(event)
            if event.type == kind and not inside then
              inside = true
              inner = { client:get_qualifications(CUSTOMER) }
              inside = false
            end
          end,
        }
        local result, err, meta = ways()[mode]()
        assert.is_nil(err)
        assert.equal(CUSTOMER, result.id)
        assert.equal(200, meta.status)
        assert.is_nil(meta.event_error)
        assert.same({}, inner[1])
        assert.equal(200, inner[3].status)
        assert.equal(1, #access.token_requests(server))
        assert.equal("request1 response1:200", line(events_of(meta)))
        assert.equal("request1 response1:200", line(events_of(inner[3])))
      end)

      it(("may close the client: %s, at a %s"):format(mode, kind), function()
        local types = {}
        connect {
          on_event = function(event)
            types[#types + 1] = event.type
            if event.type == kind then
              client:close()
            end
          end,
        }
        local result, err, meta = ways()[mode]()
        if result then
          assert.not_equal("token", kind) -- the others may be told when the answer is there
          assert.equal(CUSTOMER, result.id)
          assert.equal(1, meta.attempts)
        else
          assert.equal("cancelled", err.category)
          assert.equal(meta.request_id, err.request_id)
          assert.is_true(meta.attempts <= 1)
        end
        assert.is_nil(meta.event_error)
        assert.equal("token", types[1])
        assert.has_error(function() client:get_customer(CUSTOMER) end)
      end)
    end

    it(("may close the client when a token is refused: %s"):format(mode), function()
      for _, number in ipairs { 1, 2 } do -- at the first token, or at the second
        local count = 0
        connect {
          on_event = function(event)
            if event.type == "token" or event.status == 401 then
              count = count + 1
            end
            if count == number + 1 then
              client:close()
            end
          end,
        }
        server:fail { status = 401 }
        local result, err, meta = ways()[mode]()
        assert.is_nil(result)
        assert.equal(number == 1 and "unauthorized" or "cancelled", err.category)
        assert.equal(1, err.attempts)
        assert.equal(1, meta.attempts)
      end
    end)
  end

  it("may close the client at the token of a function", function()
    local token = access.token(server)
    local options = {
      base_url = server:base_url(),
      access_token = function() return token, 3600 end,
      on_event = function() client:close() end,
    }
    client = assert(partnercenter.new(options))
    local result, err, meta = client:get_customer(CUSTOMER)
    assert.is_nil(result)
    assert.equal("cancelled", err.category)
    assert.equal(0, meta.attempts)
  end)

  it("may close the client at a token from the cache", function()
    local kept
    local cache = { get = function() return kept end, set = function(_, _, value) kept = value end }
    connect { token_cache = cache }
    assert(client:get_customer(CUSTOMER))
    client:close()
    connect { token_cache = cache, on_event = function() client:close() end }
    local result, err, meta = client:get_customer(CUSTOMER)
    assert.is_nil(result)
    assert.equal("cancelled", err.category)
    assert.equal(0, meta.attempts)
  end)

  it("may close the client while many calls wait", function()
    for _, kind in ipairs { "token", "request", "response" } do
      connect {
        on_event = function(event)
          if event.type == kind then
            client:close()
          end
        end,
      }
      local calls = {}
      for i = 1, 20 do
        calls[i] = client:start("get_customer", CUSTOMER)
      end
      local cancelled = 0
      for _, call in ipairs(calls) do
        local result, err = call:result()
        assert.is_true(result ~= nil or err.category == "cancelled")
        cancelled = cancelled + (err and 1 or 0)
      end
      if kind == "token" then
        assert.equal(20, cancelled)
        assert.same({}, access.service_requests(server))
      end
    end
  end)

  it("may cancel other calls", function()
    local other
    connect {
      on_event = function(event)
        if event.type == "token" then
          other:cancel()
        end
      end,
    }
    local call = client:start("get_customer", CUSTOMER)
    other = client:start("get_customer", CUSTOMER)
    assert.equal(CUSTOMER, assert(call:result()).id)
    local _, err, meta = other:result()
    assert.equal("cancelled", err.category)
    assert.equal(0, meta.attempts)
    assert.equal(1, #access.service_requests(server))
  end)
end)
