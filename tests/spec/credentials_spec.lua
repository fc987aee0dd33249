-- SPDX-License-Identifier: MIT
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

describe("access_token as a function", function()
  local server, token, client

  before_each(function()
    server = assert(sandbox.start())
    token = access.token(server)
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  --- A client whose token comes from `provide`, which counts its calls.
  local function client_with(provide)
    local count = { 0 }
    client = assert(partnercenter.new {
      base_url = server:base_url(),
      access_token = function()
        count[1] = count[1] + 1
        return provide(count[1])
      end,
    })
    return count
  end

  it("is asked once while the token lives", function()
    local count = client_with(function() return token, 3600 end)
    assert.equal(0, count[1])
    for _ = 1, 3 do
      assert(client:get_qualifications(CUSTOMER))
    end
    assert.equal(1, count[1])
    assert.equal("Bearer " .. token, access.service_requests(server)[3].headers.Authorization)
  end)

  it("is asked each time when it does not say how long the token lives, or not at all", function()
    for _, seconds in ipairs { 0, -5, 0 / 0, "none" } do
      local count = client_with(function() return token, seconds ~= "none" and seconds or nil end)
      for _ = 1, 3 do
        assert(client:get_qualifications(CUSTOMER))
      end
      assert.equal(3, count[1])
      client:close()
    end
  end)

  it("is not asked for a call that is not valid", function()
    local count = client_with(function() return token, 3600 end)
    local _, err = client:get_qualifications("nobody")
    assert.equal("bad_input", err.category)
    assert.equal(0, count[1])
  end)

  it("gives the next call a new token, and not the call in between", function()
    client_with(function(count) return count == 1 and "refused" or token, 0 end)
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("unauthorized", err.category)
    assert.equal(401, err.status)
    assert(client:get_qualifications(CUSTOMER))
  end)

  local refusals = {
    {
      what = "returns nil and a reason", provide = function() return nil, "the vault is sealed" end,
      category = "unauthorized", says = "returned no token: the vault is sealed",
    },
    {
      what = "returns nothing", provide = function() end,
      category = "unauthorized", says = "returned no token$",
    },
    {
      what = "returns something else", provide = function() return {} end,
      category = "unauthorized", says = "returned a table, not a string",
    },
    {
      what = "returns a lifetime that is no number", provide = function() return "token", "an hour" end,
      category = "unauthorized", says = "returned a string, not the seconds",
    },
    {
      what = "returns a token that cannot be sent", provide = function() return "two\r\nlines", 60 end,
      category = "bad_input", says = "access_token must be the token alone",
    },
    {
      what = "raises something whose text cannot be had",
      provide = function() error(setmetatable({}, { __tostring = function() error "again" end })) end,
      category = "callback", says = "the access_token function raised: table$",
    },
    {
      what = "raises", provide = function() error({ code = 7 }) end,
      category = "callback", says = "the access_token function raised: ", cause = { code = 7 },
    },
  }
  for _, row in ipairs(refusals) do
    it(("that %s is %s, and nothing is sent"):format(row.what, row.category), function()
      client_with(row.provide)
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal(row.category, err.category)
      assert.matches(row.says, err.message)
      if row.cause then
        assert.same(row.cause, err.cause)
      end
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", meta.request_id)
      assert.same({}, access.service_requests(server))
    end)
  end

  it("does not bring the token into an error by its own words", function()
    local says
    client_with(function(count)
      if count == 1 then
        return token, 0
      elseif says == "raise" then
        error("refused " .. token, 0)
      end
      return nil, "refused " .. token
    end)
    assert(client:get_qualifications(CUSTOMER))
    for _, way in ipairs { "raise", "return" } do
      says = way
      local _, err = client:get_qualifications(CUSTOMER)
      assert.matches("refused %[redacted%]$", err.message)
      assert.is_nil(tostring(err.cause):find(token, 1, true))
    end
  end)

  it("may give the lifetime as a string, as token endpoints do", function()
    local count = client_with(function() return token, "3599" end)
    assert(client:get_qualifications(CUSTOMER))
    assert(client:get_qualifications(CUSTOMER))
    assert.equal(1, count[1])
  end)

  it("cannot make a call of the client that waits for it", function()
    client_with(function()
      local _, err = client:get_qualifications(CUSTOMER)
      return nil, err.message
    end)
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("unauthorized", err.category)
    assert.matches("made a call of the client that waits for its token", err.message)
    assert.same({}, access.service_requests(server))
  end)

  it("may close the client, which cancels the call", function()
    client_with(function()
      client:close()
      return token, 3600
    end)
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    assert.equal("cancelled", err.category)
    assert.equal(0, meta.attempts)
    assert.same({}, access.service_requests(server))
  end)

  it("can make calls of its own", function()
    local other = assert(partnercenter.new(access.options(server)))
    client_with(function()
      assert(other:get_qualifications(CUSTOMER))
      return token, 3600
    end)
    assert(client:get_qualifications(CUSTOMER))
    assert.equal(2, #access.service_requests(server))
    other:close()
  end)
end)
