-- SPDX-License-Identifier: MIT
--- The operations that are one request and one answer each.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local server, client

before_each(function()
  server = assert(sandbox.start { vetting_time = 0 })
  client = assert(partnercenter.new(access.options(server)))
end)

after_each(function()
  client:close()
  server:stop()
end)

describe("update_qualification_sync", function()
  it("PUTs the integer and returns the name", function()
    local result, err, meta = client:update_qualification_sync(CUSTOMER, "education")
    assert.is_nil(err)
    assert.same({ qualification = "Education" }, result)
    assert.equal(200, meta.status)
    local request = access.service_requests(server)[1]
    assert.equal("PUT", request.method)
    assert.equal("/v1/customers/" .. CUSTOMER .. "/qualification", request.path)
    assert.equal("1", request.body)
    assert.equal("application/json", request.headers["Content-Type"])
  end)

  it("sends the validation code in the query", function()
    local result = assert(client:update_qualification_sync(CUSTOMER, 3, { validation_code = "a b", body = "integer" }))
    assert.equal("GovernmentCommunityCloud", result.qualification)
    assert.equal("code=a%20b", access.service_requests(server)[1].query)
    assert.equal("3", access.service_requests(server)[1].body)
  end)

  it("cannot be undone either", function()
    assert(client:update_qualification_sync(CUSTOMER, "Education"))
    local _, err = client:update_qualification_sync(CUSTOMER, "StateOwnedEntity")
    assert.equal("already_exists", err.category)
  end)

  local refused = {
    { { website = "a.edu" }, "cannot be sent in the integer form" },
    { { education_segment = "K12" }, "cannot be sent in the integer form" },
    { { body = "object" }, "body must be \"integer\": this update has no object form" },
  }
  for _, row in ipairs(refused) do
    it("refuses what it cannot send: " .. row[2], function()
      local _, err = client:update_qualification_sync(CUSTOMER, "Education", row[1])
      assert.equal("bad_input", err.category)
      assert.matches(row[2], err.message)
      assert.same({}, access.service_requests(server))
    end)
  end
end)

describe("get_qualification", function()
  it("returns the name that was granted", function()
    assert.same({ qualification = "None" }, assert(client:get_qualification(CUSTOMER)))
    assert(client:update_qualification(CUSTOMER, "StateOwnedEntity"))
    assert.same({ qualification = "StateOwnedEntity" }, assert(client:get_qualification(CUSTOMER)))
    assert.equal("/v1/customers/" .. CUSTOMER .. "/qualification", access.service_requests(server)[1].path)
  end)

  for _, body in ipairs { "null", '""', "1", '{"qualification":"education"}', '["education"]', "education" } do
    it("is response_parsing for " .. body, function()
      server:fail { status = 200, body = body }
      local _, err = client:get_qualification(CUSTOMER)
      assert.equal("response_parsing", err.category)
      assert.equal("the service answered 200, but not with the name of a qualification", err.message)
    end)
  end
end)

describe("get_validation_codes", function()
  it("returns the codes, and takes options as its first argument", function()
    local id = "aaaaaaaa-0000-4000-8000-000000000001"
    local codes, err = client:get_validation_codes { request_id = id }
    assert.is_nil(err)
    assert.equal("12345", codes[1].validationId)
    assert.equal(4, codes[1].remainingCreates)
    assert.equal("/v1/customers/all/validations", access.service_requests(server)[1].path)
    assert.equal(id, access.service_requests(server)[1].headers["MS-RequestId"])
    assert(client:get_validation_codes())
  end)

  it("raises for a customer id", function()
    local ok, message = pcall(client.get_validation_codes, client, CUSTOMER)
    assert.is_false(ok)
    assert.matches("bad options %(table expected, got string%)", message)
  end)
end)

describe("get_validation_status", function()
  it("returns the status of the account", function()
    local status = assert(client:get_validation_status(CUSTOMER))
    assert.equal("account", status.type)
    assert.is_string(status.status)
    assert.is_string(status.lastUpdateDateTime)
    local request = access.service_requests(server)[1]
    assert.equal("/v1/customers/" .. CUSTOMER .. "/validationStatus", request.path)
    assert.equal("type=account", request.query)
  end)
end)

describe("get_customer", function()
  it("returns the customer", function()
    local customer = assert(client:get_customer(CUSTOMER:upper()))
    assert.equal(CUSTOMER, customer.id)
    assert.equal("reseller", customer.relationshipToPartner)
    assert.equal("/v1/customers/" .. CUSTOMER, access.service_requests(server)[1].path)
  end)

  it("is not_found for an unknown customer, as is every other operation", function()
    local strict = assert(sandbox.start { unknown_customers = false, customers = 2 })
    local asking = assert(partnercenter.new(access.options(strict)))
    for customer in asking:customers() do
      assert(asking:get_customer(customer.id))
      assert(asking:update_qualification(customer.id, "Education"))
    end
    local methods = { "get_customer", "get_qualification", "get_qualifications", "get_validation_status" }
    for _, method in ipairs(methods) do
      local _, err = asking[method](asking, CUSTOMER)
      assert.equal("not_found", err.category)
      assert.equal("CustomerNotFound", err.code)
    end
    local _, err = asking:update_qualification(CUSTOMER, "Education")
    assert.equal("not_found", err.category)
    asking:close()
    strict:stop()
  end)
end)
