-- SPDX-License-Identifier: MIT
--- A client in an event loop: its descriptor, its thread, and the end of both.
local access = require "tests.support.access"
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local ROUNDS = tonumber(os.getenv "CLIENTS") or 50

--- Without end: a test that waits for what does not come hangs.
local FOREVER = nil

local function id_of(i)
  return ("%08d-4f89-41d3-9a0c-0305e82c3301"):format(i)
end

--- Whether the descriptor is readable, within so many seconds.
local function is_readable(fd, seconds)
  local ready = socket.select({ { getfd = function() return fd end, dirty = function() return false end } }, nil, seconds)
  return #ready == 1
end

local function assert_customer(id, customer, err)
  assert.is_nil(err)
  assert.equal(id, customer.id)
end

local function assert_cancelled(call)
  local result, err = call:result()
  assert.is_nil(result)
  assert.equal("cancelled", err.category)
end

describe("a client that is collected", function()
  local raw

  setup(function() raw = servers.raw() end)
  teardown(function() raw.stop() end)

  local function is_open(fd)
    local file = io.open("/proc/self/fdinfo/" .. fd)
    return file ~= nil and file:close() ~= nil
  end

  local function options()
    return { base_url = raw.url "stall", access_token = "token", max_connections = 2 }
  end

  local function collect()
    collectgarbage()
    collectgarbage()
  end

  it("takes its thread and its calls with it", function()
    local fd
    do
      local client = assert(partnercenter.new(options()))
      fd = client:pollfd()
      for i = 1, 10 do
        client:start("get_customer", id_of(i))
      end
      assert.is_true(is_open(fd))
    end
    collect()
    assert.is_false(is_open(fd)) -- which is closed behind the thread
  end)

  for _, is_threaded in ipairs { false, true } do
    it("may go before its calls, or after them, thread " .. tostring(is_threaded), function()
      local client = assert(core.client(options()))
      local calls = {}
      if is_threaded then
        assert(client:start_thread())
      end
      for i = 1, 10 do
        calls[i] = assert(client:prepare("get_customer", id_of(i)))
        if i % 2 == 0 then
          client:begin(calls[i], true)
        end
        if i <= 8 then
          client:submit(calls[i])
        end
      end
      calls[1], calls[2], calls[10] = nil, nil, nil
      collect()
      client:drive(nil, 0)
      calls[3] = nil
      client = nil -- luacheck: ignore 311
      collect()
      for i = 4, 9 do
        calls[i] = nil
        collect()
      end
    end)
  end

  --- A script whose Lua state is closed at its end, with everything in flight.
  local SCRIPT = [[
    local partnercenter, core = require 'partnercenter', require 'partnercenter.core'
    local options = { base_url = '%s', access_token = 'token', max_connections = 2 }
    for i = 1, 6 do
      local client = assert((i <= 3 and partnercenter.new or core.client)(options))
      if i %% 2 == 0 then assert(client[i <= 3 and 'pollfd' or 'start_thread'](client)) end
      _G['client' .. i], _G['calls' .. i] = client, {}
      for j = 1, 5 do
        local call = i <= 3 and client:start('get_customer', '%s') or client:prepare('get_customer', '%s')
        if i > 3 then client:submit(call) end
        _G['calls' .. i][j] = call
      end
    end
    client2, calls6, client1 = nil
    print 'done'
  ]]

  it("may be so at the end of the Lua state", function()
    local file = os.tmpname()
    local script = assert(io.open(file, "w"))
    script:write((SCRIPT:format(raw.url "stall", CUSTOMER, CUSTOMER)))
    script:close()
    for _ = 1, 5 do
      local process = assert(io.popen(("%s %s 2>&1; echo status $?"):format(os.getenv "LUA", file)))
      assert.equal("done\nstatus 0\n", process:read "*a")
      process:close()
    end
    os.remove(file)
  end)
end)

--- What the core promises of a call to the Lua side, whoever drives the engine.
describe("a call of the core", function()
  local raw, server, client

  before_each(function() raw, server = servers.raw(), assert(sandbox.start()) end)

  after_each(function()
    client:close()
    server:stop()
    raw.stop()
  end)

  local function connect(options, is_threaded)
    client = assert(core.client(options))
    if is_threaded then
      assert(client:start_thread())
    end
  end

  local function submit(i)
    local call = assert(client:prepare("get_customer", id_of(i)))
    client:begin(call, true)
    client:submit(call)
    return call
  end

  local function drive(call)
    repeat until client:drive(call)
  end

  for _, is_threaded in ipairs { false, true } do
    it("may be repeated before its first end was told, thread " .. tostring(is_threaded), function()
      connect({ base_url = server:base_url(), access_token = "unknown", max_connections = 1 }, is_threaded)
      local repeated = submit(1)
      drive(repeated)
      assert.equal("unknown", client:refused_token(repeated))
      server:fail { status = 404, delay = 0.1, times = 10 }
      local calls = { submit(2), submit(3) }
      client:repeat_call(repeated)
      client:submit(repeated)
      calls[3], calls[4] = repeated, submit(4)
      assert.is_nil(client:ended())
      for _, call in ipairs(calls) do
        drive(call)
      end
      local ids = {}
      for i, call in ipairs(calls) do
        ids[i] = client:id(call)
      end
      assert.equal(#ids, client:count_ended())
      for _, id in ipairs(ids) do
        assert.equal(id, client:ended())
      end
      assert.is_nil(client:ended())
    end)
  end

  for _, is_threaded in ipairs { false, true } do
    it("has all the time until its deadline begins, thread " .. tostring(is_threaded), function()
      connect({ base_url = server:base_url(), access_token = access.token(server), deadline = 50 }, is_threaded)
      server:fail { status = 429, headers = { ["Retry-After"] = "1" } }
      local cause = submit(1)
      repeat client:drive(cause, 0.01) until client:state(cause) == "paused"
      local patient = assert(client:prepare("get_customer", id_of(2)))
      client:begin(patient, false, true)
      client:submit(patient)
      repeat
        assert.equal(math.huge, client:time_left(patient))
        client:drive(patient, 0.01)
      until client:time_left(patient) < math.huge
      assert.is_true(client:time_left(patient) > 0 and client:time_left(patient) <= 50)
      drive(patient)
    end)
  end

  it("may let go of its socket as soon as it is done", function()
    local unix = require "socket.unix"
    connect({ base_url = raw.url "ok", access_token = "token" }, true)
    for i = 1, ROUNDS do
      local waiting = assert(unix.stream())
      local call = submit(i)
      assert(waiting:connect(assert(core.wakeup_address())))
      local is_attached = client:attach(call)
      repeat until client:state(call) == "done"
      client:detach(call, false)
      waiting:settimeout(10)
      local byte, problem = waiting:receive(1)
      assert.equal(is_attached and "\0" or "closed", byte or problem)
      waiting:close()
    end
  end)
end)

describe("the descriptor", function()
  local server, client

  before_each(function()
    server = assert(sandbox.start())
    client = assert(partnercenter.new(server:client_options()))
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  it("is one for the life of the client, to be waited for until it is readable", function()
    local fd = client:pollfd()
    assert.is_number(fd)
    assert.equal(fd, client:pollfd())
    assert.equal("r", client:events())
    assert.is_nil(client:timeout())
    assert.is_false(is_readable(fd, 0))
  end)

  it("becomes readable when a call has ended, and is not after process", function()
    local fd = client:pollfd()
    for i = 1, 10 do
      local call = client:start("get_customer", id_of(i))
      local finished
      repeat
        assert.is_true(is_readable(fd, FOREVER))
        finished = client:process()
        assert.is_nil(client:timeout())
      until #finished > 0 -- the token's request may have ended first
      assert.same({ call }, finished)
      assert_customer(id_of(i), call:result())
      assert.is_false(is_readable(fd, 0))
    end
  end)

  it("is readable for a call that ended before there was a descriptor", function()
    local calls = { client:start("get_customer", "nobody"), client:start("get_customer", CUSTOMER) }
    assert(client:get_customer(CUSTOMER))
    local fd, ended = client:pollfd(), 0
    while ended < 2 do
      assert.is_true(is_readable(fd, FOREVER))
      ended = ended + #client:process()
    end
    assert.equal("bad_input", select(2, calls[1]:result()).category)
    assert_customer(CUSTOMER, calls[2]:result())
  end)

  local function call_directly(id)
    assert_customer(id, client:get_customer(id))
  end

  --- What moves a started call to its end beside `process`.
  local RESUME = {
    ["a direct call"] = call_directly,
    ["done of another"] = function(id)
      local other = client:start("get_customer", id)
      repeat until other:done()
      other:result()
    end,
    ["result of another"] = function(id) client:start("get_customer", id):result() end,
    ["cancel of another"] = function(id)
      repeat
        client:start("get_customer", id):cancel()
      until next(client.finished)
    end,
  }

  for what, resume in pairs(RESUME) do
    it("stays readable for calls that were taken to their end by " .. what, function()
      local fd = client:pollfd()
      local call = client:start("get_customer", CUSTOMER)
      repeat
        resume(id_of(1))
      until call.results
      assert.equal(0, client:timeout())
      assert.is_true(is_readable(fd, 0))
      local is_there = false
      while is_readable(fd, 0) do
        for _, each in ipairs(client:process()) do
          is_there = is_there or each == call
        end
      end
      assert.is_true(is_there)
      assert.is_nil(client:timeout())
    end)
  end

  it("is not readable any more when the result was taken", function()
    local fd = client:pollfd()
    local call = client:start("get_customer", CUSTOMER)
    repeat call_directly(id_of(1)) until call.results
    assert_customer(CUSTOMER, call:result())
    assert.is_nil(client:timeout())
    assert.is_false(is_readable(fd, 0))
    assert.same({}, client:process())
  end)

  it("drives a loop through hundreds of calls, of which some start others", function()
    local fd, left, ids = client:pollfd(), 0, {}
    local function start(i)
      left = left + 1
      ids[client:start("get_customer", id_of(i))] = i
    end
    for i = 1, 200 do
      start(i)
    end
    local count = 0
    while left > 0 do
      assert.is_true(is_readable(fd, client:timeout() or FOREVER))
      for _, call in ipairs(client:process()) do
        left, count = left - 1, count + 1
        assert_customer(id_of(ids[call]), call:result())
        if ids[call] % 2 == 0 then
          start(ids[call] + 1)
        end
      end
    end
    assert.equal(300, count)
  end)
end)

describe("process without a descriptor", function()
  it("drives the engine itself", function()
    local server = assert(sandbox.start())
    local client = assert(partnercenter.new(server:client_options()))
    local call = client:start("get_customer", CUSTOMER)
    local finished
    repeat
      finished = client:process()
    until #finished > 0
    assert.same({ call }, finished)
    assert_customer(CUSTOMER, call:result())
    client:close()
    server:stop()
  end)
end)

describe("direct calls while the thread runs", function()
  it("return what they do without one", function()
    local server = assert(sandbox.start { vetting_time = 3600 })
    local client = assert(partnercenter.new(server:client_options()))
    client:pollfd()
    for i = 1, 20 do
      assert.equal("InReview", assert(client:update_qualification(id_of(i), "Education")).vettingStatus)
      assert.equal("already_exists", select(2, client:update_qualification(id_of(i), "Education")).category)
    end
    local seen = 0
    for customer, err in client:customers { page_size = 1 } do
      assert.is_nil(err)
      assert.is_string(customer.id)
      seen = seen + 1
    end
    assert.equal(3, seen)
    server:fail { delay = 3600 }
    assert.equal("timeout", select(2, client:get_customer(CUSTOMER, { timeout = 0.1, max_retries = 0 })).category)
    client:close()
    server:stop()
  end)
end)

describe("close while the thread runs", function()
  it("ends every call, whatever the moment", function()
    local server = assert(sandbox.start())
    for round = 1, ROUNDS do
      local client = assert(partnercenter.new(server:client_options()))
      local calls = {}
      client:pollfd()
      for i = 1, 10 do
        calls[i] = client:start("get_customer", id_of(i))
      end
      for _ = 1, math.random(0, 3) do
        socket.sleep(math.random() * 0.002)
        client:process()
      end
      if round % 3 == 0 then
        calls[math.random(10)]:cancel()
      end
      client:close()
      client:close()
      for i, call in ipairs(calls) do
        local customer, err = call:result()
        if customer then
          assert_customer(id_of(i), customer)
        else
          assert.equal("cancelled", err.category)
        end
      end
    end
    server:stop()
  end)

  it("ends calls whose token has just come", function()
    local server = assert(sandbox.start())
    local client = assert(partnercenter.new(server:client_options()))
    local fd = client:pollfd()
    local call = client:start("get_customer", CUSTOMER)
    assert.is_true(is_readable(fd, FOREVER))
    client:close()
    assert_cancelled(call)
    server:stop()
  end)

  it("from inside on_event ends the others", function()
    local server = assert(sandbox.start())
    local options = access.options(server)
    local client
    options.on_event = function() client:close() end
    client = assert(partnercenter.new(options))
    server:fail { delay = 3600, times = 2, path = id_of(2) }
    client:pollfd()
    local first, second = client:start("get_customer", id_of(1)), client:start("get_customer", id_of(2))
    assert_customer(id_of(1), first:result())
    assert_cancelled(second)
    assert.has_error(function() client:process() end, "the client is closed")
    server:stop()
  end)
end)

describe("a call that is given up while the engine has it", function()
  it("has taken the time that has passed until then", function()
    local raw = servers.raw()
    local client = assert(partnercenter.new { base_url = raw.url "stall", access_token = "token-of-the-spec" })
    client:pollfd()
    local begun, call = core.now(), client.core:prepare("get_validation_codes")
    client.core:submit(call)
    repeat until #raw.requests() == 1
    local _, _, meta = core.unsent(call, core.error { category = "timeout", message = "it has not ended" })
    assert.is_true(meta.elapsed >= 0 and meta.elapsed <= core.now() - begun, meta.elapsed)
    assert.equal(1, meta.attempts)
    assert.matches("^%x+%-", meta.request_id)
    client:close()
    raw.stop()
  end)
end)
