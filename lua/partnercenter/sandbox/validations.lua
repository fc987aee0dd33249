-- SPDX-License-Identifier: MIT
--- The sandbox's validation codes, and how far the validation of a customer is.

local cjson = require "cjson.safe"
local refusal = require "partnercenter.sandbox.refusal"

local json = cjson.new()

local CODES = json.encode { {
  partnerId = "9daaeb1c-4195-4db5-9f1d-509eb70c8c2d",
  organizationName = "Contoso, Inc.",
  validationId = "12345",
  maxCreates = 5,
  remainingCreates = 4,
  eTag = [[W/"datetime'2018-10-10T18%3A49%3A58.727348Z'"]],
} }

local M = {}

--- GET: the codes with which GovernmentCommunityCloud can be set.
function M.codes()
  return { status = 200, body = CODES }
end

--- GET: the validation of a customer's account, which in the sandbox is always complete.
function M.status(_, _, request)
  if request.parameters.type ~= "account" then
    return refusal.new(400, "InvalidType", "The type must be account.")
  end
  return {
    status = 200,
    body = json.encode {
      type = "account",
      status = "Approved",
      lastUpdateDateTime = os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(request.time)),
    },
  }
end

return M
