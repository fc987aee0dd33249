-- SPDX-License-Identifier: MIT
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

describe("get_qualifications", function()
  local server, client

  before_each(function()
    server = assert(sandbox.start { vetting_time = 0 })
    client = assert(partnercenter.new(access.options(server)))
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  it("returns an empty array for a customer without any", function()
    local list, err, meta = client:get_qualifications(CUSTOMER)
    assert.same({}, list)
    assert.is_nil(err)
    assert.equal(200, meta.status)
  end)

  it("sends no body and no query", function()
    client:get_qualifications(CUSTOMER:upper())
    local request = access.service_requests(server)[1]
    assert.equal("GET", request.method)
    assert.equal("/v1/customers/" .. CUSTOMER .. "/qualifications", request.path)
    assert.equal("", request.query)
    assert.equal("", request.body)
    assert.is_nil(request.headers["Content-Type"])
  end)

  it("returns one object for each qualification", function()
    assert(client:update_qualification(CUSTOMER, "Education", { website = "denied.example" }))
    assert(client:update_qualification(CUSTOMER, "StateOwnedEntity"))
    local list = assert(client:get_qualifications(CUSTOMER))
    assert.equal(2, #list)
    assert.equal("Education", list[1].qualification)
    assert.equal("Denied", list[1].vettingStatus)
    assert.equal("Not an Education Customer", list[1].vettingReason)
    assert.equal("StateOwnedEntity", list[2].qualification)
    assert.equal("Approved", list[2].vettingStatus)
    assert.is_nil(list[2].vettingReason)
    assert.equal(list[2].vettingCreatedDate, list[2].vettingCreateDate)
  end)

  it("refuses a customer id that is none, and sends nothing", function()
    local list, err = client:get_qualifications("nobody")
    assert.is_nil(list)
    assert.equal("bad_input", err.category)
    assert.matches("customer_id must be a GUID", err.message)
    assert.same({}, access.service_requests(server))
  end)
end)
