-- SPDX-License-Identifier: MIT
local access = require "tests.support.access"
local cjson = require "cjson.safe"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

describe("customers", function()
  local server, client

  before_each(function()
    server = assert(sandbox.start { customers = 12 })
    local options = access.options(server)
    options.max_retries = 0
    client = assert(partnercenter.new(options))
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  --- The names of all customers of the loop, and the error of the last turn.
  local function names(options)
    local list = {}
    for customer, err in client:customers(options) do
      if not customer then
        assert.is_false(customer)
        return list, err
      end
      list[#list + 1] = customer.companyProfile.companyName
    end
    return list
  end

  it("come in pages, fetched as the loop goes", function()
    local seen = 0
    for customer in client:customers { page_size = 5 } do
      seen = seen + 1
      assert.equal("Customer " .. seen, customer.companyProfile.companyName)
      assert.equal(customer.id, customer.companyProfile.tenantId)
      assert.equal(math.ceil(seen / 5), #access.service_requests(server))
    end
    assert.equal(12, seen)
    local requests = access.service_requests(server)
    assert.equal(3, #requests)
    assert.equal("size=5", requests[1].query)
    assert.is_nil(requests[1].headers["MS-ContinuationToken"])
    assert.equal("size=5&seekOperation=Next", requests[2].query)
    assert.is_string(requests[2].headers["MS-ContinuationToken"])
    assert.not_equal(requests[1].headers["MS-RequestId"], requests[2].headers["MS-RequestId"])
  end)

  it("come 500 a page unless told otherwise", function()
    assert.equal(12, #names())
    assert.equal("size=500", access.service_requests(server)[1].query)
  end)

  it("may be none", function()
    server:fail { status = 200, body = '{"totalCount":0,"items":[]}' }
    assert.same({}, names())
  end)

  it("are filtered by domain or by name", function()
    assert.same({ "Customer 1", "Customer 10", "Customer 11", "Customer 12" }, names { filter = "customer1" })
    assert.same({ Field = "Domain", Value = "customer1", Operator = "starts_with" },
      cjson.decode(unescape(access.service_requests(server)[1].query:match "filter=(.*)$")))
    assert.same({ "Customer 2" }, names { filter = { field = "CompanyName", value = "customer 2" }, page_size = 1 })
    assert.same({ "Customer 1", "Customer 10", "Customer 11", "Customer 12" }, names { filter = "customer1", page_size = 1 })
  end)

  it("take the options of every call for each page, and a request id for the first", function()
    local id = "aaaaaaaa-0000-4000-8000-000000000001"
    assert.equal(12, #names { page_size = 6, correlation_id = id, request_id = id })
    local requests = access.service_requests(server)
    assert.equal(id, requests[1].headers["MS-CorrelationId"])
    assert.equal(id, requests[2].headers["MS-CorrelationId"])
    assert.equal(id, requests[1].headers["MS-RequestId"])
    assert.not_equal(id, requests[2].headers["MS-RequestId"])
  end)

  it("end with one turn of false and the error", function()
    server:fail { status = 503 }
    local list, err = names()
    assert.same({}, list)
    assert.equal("server_busy", err.category)
    local iterator = client:customers { page_size = 10 }
    for _ = 1, 10 do
      assert.is_table(iterator())
    end
    server:fail { status = 403 }
    local last, why = iterator()
    assert.is_false(last)
    assert.equal("forbidden", why.category)
    assert.is_nil(iterator())
    assert.is_nil(iterator())
    assert.equal(12, #names())
  end)

  local refused = {
    { { page_size = 0 }, "page_size must be a whole number from 1 to 2" },
    { { filter = "" }, "filter must have a value" },
    { { filter = "a\nb" }, "filter must have a value" },
    { { filter = { field = "Id", value = "x" } }, "filter must be a domain prefix, or" },
    { { filter = { field = "Domain" } }, "filter must have a value" },
    { { correlation_id = "x" }, "correlation_id must be a GUID" },
  }
  for _, row in ipairs(refused) do
    it("are not asked for with bad data: " .. row[2], function()
      local list, err = names(row[1])
      assert.same({}, list)
      assert.equal("bad_input", err.category)
      assert.matches(row[2], err.message)
      assert.same({}, access.service_requests(server))
    end)
  end

  it("raise for programming mistakes at once", function()
    local ok, message = pcall(client.customers, client, { pagesize = 5 })
    assert.is_false(ok)
    assert.matches("unknown option 'pagesize' %(allowed: .*page_size, filter%)", message)
    assert.is_false(pcall(client.customers, client, { filter = 5 }))
  end)

  it("follow a link's query and token only, never its host or its other headers", function()
    local elsewhere = assert(sandbox.start())
    local link = [[{"totalCount":1,"items":[],"links":{"next":{"uri":"%s/v1/customers?size=3&seekOperation=Next",
      "headers":[{"key":"Host","value":"evil.example"},{"key":"MS-ContinuationToken","value":"0."}]}}}]]
    server:fail { status = 200, body = link:format(elsewhere:base_url()) }
    assert.equal(12, #names())
    assert.same({}, elsewhere:requests())
    assert.equal("/v1/customers", access.service_requests(server)[2].path)
    assert.matches("^127%.0%.0%.1:", access.service_requests(server)[2].headers.Host)
    elsewhere:stop()
  end)

  local links = {
    { [[{"uri":"/customers?a b"}]], "the query of the next page must be printable ASCII" },
    { [[{"uri":"/customers?a=b#c"}]], "the query of the next page must be printable ASCII" },
    { [[{"uri":"/customers?a","headers":[{"key":"ms-continuationtoken","value":"a\r\nX: y"}]}]],
      "the continuation token must not contain control characters" },
  }
  for _, row in ipairs(links) do
    it("end with response_parsing when a link cannot be used: " .. row[2], function()
      server:fail { status = 200, body = ([[{"items":[{"id":"1"}],"links":{"next":%s}}]]):format(row[1]) }
      local iterator = client:customers()
      assert.equal("1", iterator().id)
      local last, err = iterator()
      assert.is_false(last)
      assert.equal("response_parsing", err.category)
      assert.matches(row[2], err.message)
      assert.equal(1, #access.service_requests(server))
    end)
  end

  it("do not go round in circles", function()
    server:fail { status = 200, times = 10, body = [[{"items":[],"links":{"next":{"uri":"/customers?same"}}}]] }
    local _, err = names()
    assert.equal("response_parsing", err.category)
    assert.matches("leads to the same page", err.message)
    assert.equal(2, #access.service_requests(server))
  end)

  for _, body in ipairs { "[]", "{}", '{"items":{}}', '{"items":[1]}', '{"items":5}', "null" } do
    it("that are no collection are response_parsing: " .. body, function()
      if body == '{"items":{}}' then
        return -- an empty object cannot be told from an empty array
      end
      server:fail { status = 200, body = body }
      local _, err = names()
      assert.equal("response_parsing", err.category)
    end)
  end
end)
