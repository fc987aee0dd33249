-- SPDX-License-Identifier: MIT
--- What a client knows and nobody may be shown: not even where the service or the authority repeat it.
local access = require "tests.support.access"
local cjson = require "cjson.safe"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local TOKEN_PATH = "/oauth2/token"

local server, client, events

before_each(function()
  server = assert(sandbox.start())
  events = {}
end)

after_each(function()
  client:close()
  server:stop()
end)

local function each_byte(format)
  return function(text)
    return (text:gsub(".", function(byte) return format:format(byte:byte()) end))
  end
end

--- How a secret can be written.
local WAYS = {
  ["as it is"] = function(text) return text end,
  ["as JSON writes it"] = function(text) return cjson.encode(text):sub(2, -2) end,
  ["in JSON's escapes"] = each_byte "\\u%04x",
  ["in JSON's escapes, capital"] = each_byte "\\u%04X",
  ["in percents"] = each_byte "%%%02X",
  ["as a form writes it"] = function(text) return access.encode({ [""] = text }):sub(2) end,
}

--- What an answer may look like that holds `text`.
local SHAPES = {
  ["an error object"] = '{"code":"%s","description":"text %s","data":["%s",{"more":"%s"}],"source":"%s"}',
  ["Entra ID's error"] = '{"error":"%s","error_description":"AADSTS1: %s","correlation_id":"%s","data":{"x":"%s %s"}}',
  ["the gateway's error"] = '{"message":"text %s","a":"%s","b":"%s","c":"%s","d":"%s"}',
  ["a page"] = "<html>%s, %s, %s, %s, %s</html>",
  ["a string"] = '"%s%s%s%s%s"',
}

local function connect(changes)
  changes.on_event = function(event) events[#events + 1] = event end
  client = assert(partnercenter.new(changes))
end

--- Every string in a value, and what it reads as, in one text.
local function all_text(value, seen)
  seen = seen or {}
  local parts = { tostring(value) }
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for name, field in pairs(value) do
      parts[#parts + 1] = all_text(name, seen)
      parts[#parts + 1] = all_text(field, seen)
    end
  end
  return table.concat(parts, "\n")
end

--- None of the secrets can be read in any of the values.
local function assert_hidden(secrets, ...)
  local text = all_text { ... }
  for name, secret in pairs(secrets) do
    for way, written in pairs(WAYS) do
      assert.is_nil(text:find(written(secret), 1, true), ("the %s is shown, %s"):format(name, way))
    end
  end
end

--- The secrets, written so, as one text.
local function written(secrets, way)
  local parts = {}
  for _, secret in pairs(secrets) do
    parts[#parts + 1] = WAYS[way](secret)
  end
  return table.concat(parts, " ")
end

local function body_of(shape, text)
  return (SHAPES[shape]:gsub("%%s", function() return text end))
end

--- A client that has called once, with what it knows then.
local KINDS = {
  ["App+User credentials"] = function()
    local options, rotated = server:client_options(), nil
    options.on_refresh_token = function(token) rotated = token end
    options.max_retries = 0
    connect(options)
    assert(client:get_qualifications(CUSTOMER))
    local bearer = access.service_requests(server)[1].headers.Authorization
    return {
      ["client secret"] = options.client_secret,
      ["refresh token"] = options.refresh_token,
      ["rotated refresh token"] = rotated,
      ["access token"] = bearer:match "^Bearer (.*)$",
    }
  end,
  ["a token"] = function()
    local options = access.options(server)
    options.max_retries = 0
    connect(options)
    return { ["access token"] = options.access_token }
  end,
  ["a function"] = function()
    local options = access.options(server)
    local token = options.access_token
    options.access_token = function() return token, 3600 end
    options.max_retries = 0
    connect(options)
    assert(client:get_qualifications(CUSTOMER))
    return { ["access token"] = token }
  end,
}

describe("what the service repeats of", function()
  for kind, make in pairs(KINDS) do
    it(kind .. " is not shown", function()
      local secrets = make()
      for way in pairs(WAYS) do
        for shape in pairs(SHAPES) do
          for _, status in ipairs { 400, 503, 200 } do
            server:fail { status = status, body = body_of(shape, written(secrets, way)) }
            local result, err, meta = client:get_qualifications(CUSTOMER)
            assert.is_nil(result)
            assert.equal(status, err.status)
            assert.is_truthy(all_text(err):find("[redacted]", 1, true))
            assert_hidden(secrets, err, meta, events)
          end
        end
      end
    end)

    it(kind .. " in a header is not shown", function()
      local secrets = make()
      for way in pairs(WAYS) do
        local text = written({ secrets["access token"] }, way)
        server:fail { status = 404, headers = { ["MS-RequestId"] = text, ["MS-CorrelationId"] = text, Date = text } }
        local result, err, meta = client:get_qualifications(CUSTOMER)
        assert.is_nil(result)
        assert.equal(404, err.status)
        assert_hidden(secrets, err, meta, events)
      end
    end)
  end
end)

describe("what is repeated of a token", function()
  it("that is refused is not shown, neither of it nor of the next one", function()
    local secrets = KINDS["App+User credentials"]()
    secrets["refresh token"] = nil -- two rotations ago then
    for way in pairs(WAYS) do
      for shape in pairs(SHAPES) do
        secrets = { ["client secret"] = secrets["client secret"], ["access token"] = secrets["access token"] }
        server:fail { status = 401, times = 2, body = body_of(shape, written(secrets, way)) }
        local result, err, meta = client:get_qualifications(CUSTOMER)
        assert.is_nil(result)
        assert.equal(401, err.status)
        assert.equal(2, meta.attempts)
        assert_hidden(secrets, err, meta, events)
        local requests = access.service_requests(server)
        secrets["access token"] = requests[#requests].headers.Authorization:match "^Bearer (.*)$"
        assert_hidden(secrets, err, meta, events)
      end
    end
  end)
end)

describe("what the authority repeats", function()
  for way in pairs(WAYS) do
    it("is not shown, " .. way, function()
      local secrets = KINDS["App+User credentials"]()
      server:fail { status = 401 } -- the authority is asked from here on, and never gives another token
      for shape in pairs(SHAPES) do
        for _, status in ipairs { 400, 401, 429, 503, 200 } do
          server:fail { path = TOKEN_PATH, status = status, body = body_of(shape, written(secrets, way)) }
          local result, err, meta = client:get_qualifications(CUSTOMER)
          assert.is_nil(result)
          assert.equal(status, err.status)
          assert.equal(status ~= 200 or nil, all_text(err):find("[redacted]", 1, true) and true)
          assert_hidden(secrets, err, meta, events)
        end
      end
    end)

    it("of a secret with every kind of character is not shown, " .. way, function()
      local secrets = {
        ["client secret"] = "a\"b\\c/d+e=f&g%h<i>'j~k l",
        ["refresh token"] = "0.A\"\\/+=&%<>'~ z",
      }
      local options = server:client_options()
      options.client_secret, options.refresh_token = secrets["client secret"], secrets["refresh token"]
      connect(options)
      for shape in pairs(SHAPES) do
        server:fail { path = TOKEN_PATH, status = 400, body = body_of(shape, written(secrets, way)) }
        local result, err, meta = client:get_qualifications(CUSTOMER)
        assert.is_nil(result)
        assert.equal("unauthorized", err.category)
        assert_hidden(secrets, err, meta, events)
      end
    end)
  end
end)

describe("a client that is closed before an error was collected", function()
  --- Waits until a started call has ended, without collecting it.
  local function wait_for_end()
    local fd = client:pollfd()
    while #socket.select({ { getfd = function() return fd end } }, nil, 60) == 0 do end
  end

  for _, path in ipairs { "/qualifications", TOKEN_PATH } do
    it("hides what the answer repeats all the same: " .. path, function()
      local options = server:client_options()
      options.max_retries = 0
      connect(options)
      local secrets = { ["client secret"] = options.client_secret, ["refresh token"] = options.refresh_token }
      assert.is_number(client:pollfd())
      if path ~= TOKEN_PATH then
        assert(client:get_qualifications(CUSTOMER))
        secrets["refresh token"] = options.refresh_token
      end
      server:fail { path = path, status = 400, body = body_of("an error object", written(secrets, "as it is")) }
      local call = client:start("get_qualifications", CUSTOMER)
      wait_for_end()
      client:close()
      local result, err, meta = call:result()
      assert.is_nil(result)
      if path == TOKEN_PATH then -- the call still waited for its token
        assert.equal("cancelled", err.category)
      else
        assert.equal("bad_input", err.category)
        assert.is_truthy(err.message:find("[redacted]", 1, true))
      end
      assert_hidden(secrets, err, meta, events)
    end)
  end

  it("by on_event hides what the answer repeats all the same", function()
    local options = server:client_options()
    local secrets = { ["client secret"] = options.client_secret, ["refresh token"] = options.refresh_token }
    for _, status in ipairs { 401, 404 } do
      options.on_event = function(event)
        if event.type == "response" then
          client:close()
        end
      end
      client = assert(partnercenter.new(options))
      server:fail { status = status, body = body_of("an error object", written(secrets, "as it is")) }
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal(status, err.status)
      assert.equal(1, meta.attempts)
      assert.is_truthy(err.message:find("[redacted]", 1, true))
      assert_hidden(secrets, err, meta)
    end
  end)
end)

describe("what a function of the script's raises", function()
  it("is an error without the secrets that it repeats", function()
    local options = server:client_options()
    options.on_refresh_token = function(token) error("cannot keep " .. token, 0) end
    connect(options)
    local _, err, meta = client:get_qualifications(CUSTOMER)
    assert.equal("callback", err.category)
    assert.equal("the on_refresh_token function raised: cannot keep [redacted]", err.message)
    assert.equal("cannot keep [redacted]", err.cause)
    assert_hidden({ options.client_secret, options.refresh_token }, err, meta, events)
  end)

  it("in a cache is an error without the token that it repeats", function()
    local options = server:client_options()
    options.token_cache = {
      get = function() end,
      set = function(_, _, value) error("cannot keep " .. value, 0) end,
    }
    connect(options)
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("callback", err.category)
    assert.matches("^the token_cache:set function raised: cannot keep [%d.]+ %[redacted%]$", err.message)
    assert.matches("^cannot keep [%d.]+ %[redacted%]$", err.cause)
  end)

  it("or gives as its reason is an error without the refresh token that it repeats", function()
    local options = server:client_options()
    local token, ways = options.refresh_token, { false, "return", "raise" }
    local way = table.remove(ways, 1)
    options.refresh_token = function()
      if way == "raise" then
        error("revoked " .. token, 0)
      elseif way == "return" then
        return nil, "revoked " .. token
      end
      return token
    end
    connect(options)
    assert(client:get_qualifications(CUSTOMER))
    for _, next_way in ipairs(ways) do
      way = next_way
      server:fail { status = 401 }
      local _, err, meta = client:get_qualifications(CUSTOMER)
      assert.matches("revoked %[redacted%]$", err.message)
      assert_hidden({ ["refresh token"] = token }, err, meta, events)
    end
  end)
end)

describe("a client", function()
  it("keeps no secret in its tables, and does not read as one", function()
    local secrets = KINDS["App+User credentials"]()
    server:fail { status = 401 }
    assert(client:get_qualifications(CUSTOMER))
    assert_hidden(secrets, client)
  end)

  it("does not repeat a secret that it refuses", function()
    for _, name in ipairs { "client_secret", "refresh_token", "access_token" } do
      local options = access.credentials(server, { [name] = "gehe\nim" })
      if name == "access_token" then
        options = { access_token = "gehe\nim" }
      end
      local _, err = partnercenter.new(options)
      assert.equal("bad_input", err.category)
      assert.matches("^" .. name, err.message)
      assert.is_nil(all_text(err):find "gehe")
    end
    client = assert(partnercenter.new(server:client_options()))
  end)
end)
