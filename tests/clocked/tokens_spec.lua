-- SPDX-License-Identifier: MIT
--- When tokens are renewed, and how the authority is retried, with a clock that jumps ahead instead of
--- waiting.
local access = require "tests.support.access"
local cjson = require "cjson.safe"
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local TOKEN_PATH = "/oauth2/token"

--- So long in seconds that the clock does not come there by chance: no timeout or deadline may end what
--- a spec is about, while it jumps until something has happened.
local FAR = 2000000

--- How long a token lives that outlives every such jump, but not one that is made for it.
local LONG = 1000000

local server, client

before_each(function() server = assert(sandbox.start { token_lifetime = 3600 }) end)

after_each(function()
  client:close()
  server:stop()
end)

local function connect(changes)
  client = assert(partnercenter.new(access.credentials(server, changes)))
end

--- A client that waits for as long as it takes.
local function connect_patient(changes)
  changes = changes or {}
  changes.timeout, changes.deadline, changes.max_retry_after = FAR, FAR, FAR
  connect(changes)
end

--- A sandbox whose tokens outlive every jump.
local function restart(lifetime)
  server:stop()
  server = assert(sandbox.start { token_lifetime = lifetime })
end

local function token_count()
  return #access.token_requests(server)
end

--- Jumps over every pause until the call has ended.
local function finish(call)
  while not call:done() do
    socket.sleep(0.001)
    core.advance(20)
  end
  return call:result()
end

--- Moves things on until something holds.
local function wait_until(holds)
  while not holds() do
    client:process()
    socket.sleep(0.001)
  end
end

local function read()
  local result, err = client:get_qualifications(CUSTOMER)
  assert.is_nil(err)
  return result
end

describe("a token is renewed", function()
  --- Ways to get one that lives so long.
  local sources = {
    ["of the authority"] = function(lifetime)
      server:fail {
        path = TOKEN_PATH, status = 200, times = 2,
        body = cjson.encode { access_token = access.token(server), expires_in = tostring(lifetime) },
      }
      connect()
      local before = token_count()
      return function() return token_count() - before end
    end,
    ["of the app alone"] = function(lifetime)
      local token = access.token(server, "app")
      local answered = os.time()
      server:fail {
        path = TOKEN_PATH, status = 200, times = 2, headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", answered) },
        body = cjson.encode { access_token = token, expires_on = answered + lifetime },
      }
      connect { refresh_token = false }
      local before = token_count()
      return function() return token_count() - before end
    end,
    ["of a function"] = function(lifetime)
      local token, count = access.token(server), 0
      client = assert(partnercenter.new {
        base_url = server:base_url(),
        access_token = function()
          count = count + 1
          return token, lifetime
        end,
      })
      return function() return count end
    end,
  }

  --- How long it lives, when it is still used, when not any more.
  local rows = { { 3600, 3500, 3540 }, { 1000, 900, 940 }, { 600, 500, 540 }, { 500, 400, 450 }, { 200, 150, 180 } }
  for name, make in pairs(sources) do
    for _, row in ipairs(rows) do
      it(("%s that lives %d seconds, %d seconds before its expiry"):format(name, row[1], row[1] - row[3]), function()
        local count = make(row[1])
        read()
        assert.equal(1, count())
        core.advance(row[2])
        read()
        assert.equal(1, count())
        core.advance(row[3] - row[2])
        read()
        assert.equal(2, count())
        read()
        assert.equal(2, count())
      end)
    end
  end

  it("from the cache, when the one who put it there would renew it", function()
    local entries = {}
    local cache = {
      get = function(_, key) return entries[key] end,
      set = function(_, key, value) entries[key] = value end,
    }
    connect { token_cache = cache }
    read()
    local other = client
    core.advance(3500)
    connect { token_cache = cache }
    read()
    assert.equal(1, token_count())
    core.advance(40)
    read()
    assert.equal(2, token_count())
    assert(other:get_qualifications(CUSTOMER))
    assert.equal(2, token_count())
    other:close()
  end)

  it("once, however many calls come after its expiry", function()
    restart(LONG)
    connect_patient()
    read()
    core.advance(LONG)
    local calls = {}
    for i = 1, 50 do
      calls[i] = client:start("get_qualifications", CUSTOMER)
    end
    for _, call in ipairs(calls) do
      assert(call:result())
    end
    assert.equal(2, token_count())
  end)
end)

describe("the authority", function()
  before_each(function() restart(LONG) end)

  local failures = {
    [408] = "request_timeout", [429] = "too_many_requests", [500] = "server_error", [502] = "server_error",
    [503] = "server_busy", [504] = "gateway_timeout",
  }
  for status, category in pairs(failures) do
    it(("is asked again after a %d, three times"):format(status), function()
      server:fail { path = TOKEN_PATH, status = status, times = 3 }
      connect_patient()
      local result, err, meta = finish(client:start("get_qualifications", CUSTOMER))
      assert.is_nil(err)
      assert.same({}, result)
      assert.equal(1, meta.attempts)
      assert.equal(4, token_count())
      local requests = access.token_requests(server)
      assert.equal(requests[1].body, requests[4].body)
    end)

    it(("that answers %d for ever is %s"):format(status, category), function()
      server:fail { path = TOKEN_PATH, status = status, times = 1000 }
      connect_patient()
      local calls = {}
      for i = 1, 3 do
        calls[i] = client:start("get_qualifications", CUSTOMER)
      end
      for _, call in ipairs(calls) do
        local result, err, meta = finish(call)
        assert.is_nil(result)
        assert.equal(category, err.category)
        assert.equal(status, err.status)
        assert.equal("temporarily_unavailable", err.code)
        assert.is_true(err.retryable)
        assert.equal(0, err.attempts)
        assert.equal(0, meta.attempts)
        assert.equal(meta.request_id, err.request_id)
      end
      assert.equal(4, token_count())
      assert.equal(0, #access.service_requests(server))
    end)
  end

  it("is asked again as often as the client says", function()
    server:fail { path = TOKEN_PATH, status = 503, times = 1000 }
    for _, retries in ipairs { 0, 1, 5 } do
      local before = token_count()
      connect_patient { max_retries = retries }
      assert.equal("server_busy", select(2, finish(client:start("get_qualifications", CUSTOMER))).category)
      assert.equal(before + 1 + retries, token_count())
      client:close()
    end
  end)

  it("is not asked again after a refusal", function()
    server:fail { path = TOKEN_PATH, status = 400, body = '{"error":"invalid_grant"}' }
    connect_patient()
    assert.equal("invalid_grant", select(2, finish(client:start("get_qualifications", CUSTOMER))).code)
    assert.equal(1, token_count())
  end)

  it("is not waited for longer than max_retry_after", function()
    server:fail { path = TOKEN_PATH, status = 503, headers = { ["Retry-After"] = "121" } }
    connect()
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("server_busy", err.category)
    assert.equal(121, err.retry_after)
    assert.equal(0, err.attempts)
    assert.equal(1, token_count())
  end)

  it("that holds back its own clients does not hold back the service's calls", function()
    local throttles = 0
    connect_patient { on_event = function(event) throttles = throttles + (event.type == "throttle" and 1 or 0) end }
    read()
    server:fail { status = 503, headers = { ["Retry-After"] = "100" } }
    local sent = client:start("get_qualifications", CUSTOMER)
    wait_until(function() return #access.service_requests(server) == 2 end)
    core.advance(LONG)
    server:fail { path = TOKEN_PATH, status = 429, headers = { ["Retry-After"] = "1000000" } }
    local waiting = client:start("get_qualifications", CUSTOMER)
    wait_until(function() return token_count() == 2 end)
    local _, err, meta = finish(sent)
    assert.is_nil(err)
    assert.equal(2, meta.attempts)
    assert.is_false(waiting:done())
    assert.equal(0, throttles)
    waiting:cancel()
  end)

  it("is asked while the service holds back the calls", function()
    connect_patient()
    read()
    server:fail { status = 429, headers = { ["Retry-After"] = "1500000" } }
    local throttled = client:start("get_qualifications", CUSTOMER)
    wait_until(function() return #access.service_requests(server) == 2 end)
    core.advance(LONG)
    local waiting = client:start("get_qualifications", CUSTOMER)
    wait_until(function() return token_count() == 2 end)
    throttled:cancel()
    waiting:cancel()
  end)
end)

describe("a call whose deadline passes while it waits for a token", function()
  before_each(function() restart(LONG) end)

  it("times out, and the renewal serves the others", function()
    server:fail { path = TOKEN_PATH, status = 503, headers = { ["Retry-After"] = "5000" } }
    connect_patient()
    local short = client:start("get_qualifications", CUSTOMER, { deadline = 1000 })
    local long = client:start("get_qualifications", CUSTOMER)
    core.advance(1000)
    local result, err, meta = short:result()
    assert.is_nil(result)
    assert.equal("timeout", err.category)
    assert.equal("the deadline passed while the call waited for an access token", err.message)
    assert.is_true(err.retryable)
    assert.equal(0, err.attempts)
    assert.equal(0, meta.attempts)
    assert.equal(meta.request_id, err.request_id)
    assert.is_true(meta.elapsed >= 1000)
    assert.is_false(long:done())
    assert.same({}, (finish(long)))
    assert.equal(2, token_count())
    assert.equal(1, #access.service_requests(server))
    read()
    assert.equal(2, token_count())
  end)

  it("and that is called directly, likewise", function()
    server:fail { path = TOKEN_PATH, status = 503, headers = { ["Retry-After"] = "5000" } }
    connect_patient()
    local _, err, meta = client:get_qualifications(CUSTOMER, { deadline = 0.1 })
    assert.equal("timeout", err.category)
    assert.equal("the deadline passed while the call waited for an access token", err.message)
    assert.equal(0, meta.attempts)
    assert.same({}, (finish(client:start("get_qualifications", CUSTOMER))))
    assert.equal(2, token_count())
  end)

  it("after it was refused once ends with that refusal", function()
    connect_patient()
    read()
    server:fail { status = 401 }
    server:fail { path = TOKEN_PATH, status = 503, headers = { ["Retry-After"] = "1000000" } }
    local call = client:start("get_qualifications", CUSTOMER, { deadline = 5000 })
    wait_until(function() return token_count() == 2 end)
    core.advance(5000)
    local _, err, meta = call:result()
    assert.equal("unauthorized", err.category)
    assert.equal(401, err.status)
    assert.equal(1, err.attempts)
    assert.equal(1, meta.attempts)
  end)

  it("does not bother a renewal that fails later", function()
    server:fail { path = TOKEN_PATH, status = 503, times = 2, headers = { ["Retry-After"] = "5000" } }
    connect_patient { max_retries = 1 }
    local short = client:start("get_qualifications", CUSTOMER, { deadline = 1000 })
    local long = client:start("get_qualifications", CUSTOMER)
    core.advance(1000)
    assert.equal("timeout", select(2, short:result()).category)
    local _, err = finish(long)
    assert.equal("server_busy", err.category)
    assert.equal("timeout", select(2, short:result()).category)
  end)
end)
