-- SPDX-License-Identifier: MIT
--- Tokens that clients and processes share.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local server, store, clients

--- A cache as a `lua_shared_dict` is one: what it keeps, and for how long, stands in `store`.
local Store = {}
Store.__index = Store

function Store:get(key)
  self.gets[#self.gets + 1] = key
  local entry = self.entries[key]
  return entry and entry.value, 0
end

function Store:set(key, value, seconds)
  self.entries[key] = { value = value, seconds = seconds }
  return true, nil, false
end

local function new_store()
  return setmetatable({ entries = {}, gets = {} }, Store)
end

--- The only entry of the store.
local function entry()
  local key, only = next(store.entries)
  assert.is_nil((next(store.entries, key)))
  return only, key
end

local function connect(changes)
  local options = access.credentials(server, { token_cache = store })
  for name, value in pairs(changes or {}) do
    options[name] = value or nil
  end
  local client = assert(partnercenter.new(options))
  clients[#clients + 1] = client
  return client
end

before_each(function()
  server = assert(sandbox.start())
  store, clients = new_store(), {}
end)

after_each(function()
  for _, client in ipairs(clients) do
    client:close()
  end
  server:stop()
end)

local function assert_arrived(for_tokens, at_service)
  assert.same({ for_tokens, at_service }, { #access.token_requests(server), #access.service_requests(server) })
end

--- The token of the last request to the service.
local function last_token()
  local requests = access.service_requests(server)
  return requests[#requests].headers.Authorization:match "^Bearer (.*)$"
end

describe("token_cache", function()
  it("shares a token between clients", function()
    for _ = 1, 3 do
      assert(connect():get_qualifications(CUSTOMER))
    end
    assert_arrived(1, 3)
    local requests = access.service_requests(server)
    assert.equal(requests[1].headers.Authorization, requests[3].headers.Authorization)
  end)

  it("is asked only when a client has no token", function()
    local client = connect()
    for _ = 1, 3 do
      assert(client:get_qualifications(CUSTOMER))
    end
    assert.equal(1, #store.gets)
  end)

  it("is given the seconds for which the token is good", function()
    assert(connect():get_qualifications(CUSTOMER))
    local kept = entry()
    assert.equal(3540, kept.seconds)
    assert.is_string(kept.value)
  end)

  it("is given no token that has to be renewed at once", function()
    server:fail {
      path = "/oauth2/token", status = 200,
      body = ('{"access_token":"%s","expires_in":0}'):format(access.token(server)),
    }
    assert(connect():get_qualifications(CUSTOMER))
    assert.same({}, store.entries)
  end)

  it("has keys that hold no secret, and tell what is not the same apart", function()
    local elsewhere = assert(sandbox.start())
    local options = server:client_options()
    local rotated
    connect { on_refresh_token = function(token) rotated = token end }:get_qualifications(CUSTOMER)
    local token = last_token()
    for _, changes in ipairs {
      { refresh_token = false }, { tenant_id = "contoso.onmicrosoft.com" }, { client_id = "another" },
      { base_url = elsewhere:base_url() }, { login_url = elsewhere:login_url() },
    } do
      connect(changes):get_qualifications(CUSTOMER)
    end
    connect { client_secret = "another", refresh_token = "another" }:get_qualifications(CUSTOMER)
    local seen, count = {}, 0
    for _, key in ipairs(store.gets) do
      count = count + (seen[key] and 0 or 1)
      seen[key] = true
      for _, secret in ipairs { options.client_secret, options.refresh_token, rotated, token } do
        assert.is_nil(key:find(secret, 1, true))
      end
    end
    assert.equal(6, count)
    elsewhere:stop()
  end)

  it("does not mix the app's tokens with the user's", function()
    assert(connect { refresh_token = false }:get_qualifications(CUSTOMER))
    assert(connect():update_qualification(CUSTOMER, "Education"))
    assert_arrived(2, 2)
  end)

  it("may be an object whose methods are inherited", function()
    local inherited = setmetatable({}, { __index = new_store() })
    inherited.entries, inherited.gets = {}, {}
    for _ = 1, 2 do
      assert(connect { token_cache = inherited }:get_qualifications(CUSTOMER))
    end
    assert_arrived(1, 2)
  end)

  it("is not asked by a client that is given its token", function()
    local token = access.token(server)
    for _, given in ipairs { token, function() return token end } do
      local client = assert(partnercenter.new {
        base_url = server:base_url(), access_token = given, token_cache = store,
      })
      assert(client:get_qualifications(CUSTOMER))
      client:close()
    end
    assert.same({}, store.gets)
    assert.same({}, store.entries)
  end)

  it("shares a token with another process", function()
    local path, output = os.tmpname(), os.tmpname()
    local script = ([[
      local options = {
        base_url = "%s", login_url = "%s", tenant_id = "%s", client_id = "%s", client_secret = "%s", refresh_token = "%s",
      }
      options.token_cache = {
        get = function() local file = io.open("%s") local text = file:read "*a" file:close() return text end,
        set = function(_, _, value) local file = io.open("%s", "w") file:write(value) file:close() end,
      }
      local client = require "partnercenter".new(options)
      assert(client:get_qualifications("%s"))
      client:close()
    ]])
    local options = server:client_options()
    script = script:format(options.base_url, options.login_url, options.tenant_id, options.client_id,
      options.client_secret, options.refresh_token, path, path, CUSTOMER):gsub("\n", " ")
    for _ = 1, 2 do
      local status = os.execute(("%s tests/support/run.lua '%s' > %s 2>&1"):format(os.getenv "LUA", script, output))
      assert.is_true(status == 0 or status == true, assert(io.open(output)):read "*a")
    end
    os.remove(path)
    os.remove(output)
    assert_arrived(1, 2)
    local requests = access.service_requests(server)
    assert.equal(requests[1].headers.Authorization, requests[2].headers.Authorization)
  end)
end)

describe("a token in the cache that is refused", function()
  it("is ignored, and replaced by the next one", function()
    local first = connect()
    assert(first:get_qualifications(CUSTOMER))
    local refused = last_token()
    server:fail { status = 401 }
    local result, err, meta = first:get_qualifications(CUSTOMER)
    assert.is_nil(err)
    assert.same({}, result)
    assert.equal(2, meta.attempts)
    assert_arrived(2, 3)
    assert.not_equal(refused, last_token())
    assert.is_nil(entry().value:find(refused, 1, true))
    assert.is_truthy(entry().value:find(last_token(), 1, true))
  end)

  it("is ignored by a client that got it from there, too", function()
    assert(connect():get_qualifications(CUSTOMER))
    server:fail { status = 401 }
    local _, err, meta = connect():get_qualifications(CUSTOMER)
    assert.is_nil(err)
    assert.equal(2, meta.attempts)
    assert_arrived(2, 3)
  end)

  it("is replaced by what another client has put there, without asking the authority", function()
    local first, second = connect(), connect()
    assert(first:get_qualifications(CUSTOMER))
    assert(second:get_qualifications(CUSTOMER))
    server:fail { status = 401 }
    assert(first:get_qualifications(CUSTOMER))
    local renewed = last_token()
    assert_arrived(2, 4)
    server:fail { status = 401 }
    local _, err, meta = second:get_qualifications(CUSTOMER)
    assert.is_nil(err)
    assert.equal(2, meta.attempts)
    assert.equal(renewed, last_token())
    assert_arrived(2, 6)
  end)

  it("for ever is the service's error", function()
    assert(connect():get_qualifications(CUSTOMER))
    server:fail { status = 401, times = 1000 }
    local _, err = connect():get_qualifications(CUSTOMER)
    assert.equal("unauthorized", err.category)
    assert.equal(401, err.status)
    assert.equal(2, err.attempts)
    assert_arrived(2, 3)
  end)
end)

describe("a value in the cache that cannot be used", function()
  local IN_AN_HOUR = ("%d"):format(os.time() + 3600)
  local values = {
    "", " ", "nonsense", "token", 42, true, false, {}, "1e3 token", "0x7fffffff token", "-5 token", "5 token",
    ("%d token"):format(os.time() - 1), IN_AN_HOUR .. ".5 token", IN_AN_HOUR .. ",5 token",
    IN_AN_HOUR, IN_AN_HOUR .. " ", IN_AN_HOUR .. "  ", IN_AN_HOUR .. " two words",
    IN_AN_HOUR .. " two\nlines", IN_AN_HOUR .. " a\0b", IN_AN_HOUR .. " caf\195\169", "nan token", "inf token",
    IN_AN_HOUR .. "\n" .. IN_AN_HOUR .. " token",
  }
  for i, value in ipairs(values) do
    it(("is ignored: %q (%d)"):format(tostring(value), i):gsub("[%c\128-\255]", "?"), function()
      local written
      local cache = {
        get = function() return value end,
        set = function(_, _, new_value) written = new_value end,
      }
      local result, err, meta = connect { token_cache = cache }:get_qualifications(CUSTOMER)
      assert.is_nil(err)
      assert.same({}, result)
      assert.equal(1, meta.attempts)
      assert_arrived(1, 1)
      assert.equal(last_token(), written:match "^%d+ (.*)$") -- in each locale
    end)
  end

  it("and is a token that the service does not know is replaced", function()
    local client = connect()
    assert(client:get_qualifications(CUSTOMER))
    local kept = entry()
    kept.value = kept.value:gsub(" .*", " unknown")
    local _, err, meta = connect():get_qualifications(CUSTOMER)
    assert.is_nil(err)
    assert.equal(2, meta.attempts)
    assert_arrived(2, 3)
  end)
end)

describe("a cache that raises", function()
  for _, row in ipairs {
    { "get", function() error({ code = 7 }) end, "table: ", { code = 7 } },
    { "get", function() error("gone", 0) end, "gone$", "gone" },
    { "get", 7, "attempt to call" },
    { "set", function() error({ code = 7 }) end, "table: ", { code = 7 } },
    { "set", function() error("full", 0) end, "full$", "full" },
    { "set", 7, "attempt to call" },
  } do
    it(("in %s is a callback error (%s)"):format(row[1], row[3]), function()
      local cache = { get = function() end, set = function() end }
      cache[row[1]] = row[2]
      local client = connect { token_cache = cache }
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal("callback", err.category)
      assert.matches(("^the token_cache:%s function raised: .*%s"):format(row[1], row[3]), err.message)
      if row[4] then
        assert.same(row[4], err.cause)
      end
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert_arrived(row[1] == "get" and 0 or 1, 0)
    end)
  end

  it("in set leaves the token in use", function()
    local client = connect { token_cache = { get = function() end, set = function() error "full" end } }
    assert.equal("callback", select(2, client:get_qualifications(CUSTOMER)).category)
    assert(client:get_qualifications(CUSTOMER))
    assert_arrived(1, 1)
  end)

  it("in get after a refused token leaves the attempt that there was", function()
    local client
    local cache = { set = function() end }
    function cache.get()
      if client then
        error("gone", 0)
      end
    end
    local made = connect { token_cache = cache }
    assert(made:get_qualifications(CUSTOMER))
    client = made
    server:fail { status = 401 }
    local _, err, meta = made:get_qualifications(CUSTOMER)
    assert.equal("callback", err.category)
    assert.equal("gone", err.cause)
    assert.equal(1, err.attempts)
    assert.equal(1, meta.attempts)
    assert_arrived(1, 2)
  end)

  it("and does not, but closes the client, ends the calls as cancelled", function()
    for _, method in ipairs { "get", "set" } do
      local client
      local cache = { get = function() end, set = function() end }
      cache[method] = function() client:close() end
      client = connect { token_cache = cache }
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal("cancelled", err.category)
      assert.equal(0, meta.attempts)
    end
    assert_arrived(1, 0)
  end)
end)
