-- SPDX-License-Identifier: MIT
--- The customers of the sandbox: the list in pages, and each one alone.

local cjson = require "cjson.safe"
local refusal = require "partnercenter.sandbox.refusal"

local json = cjson.new()

--- The page size where the request does not say one, and the largest that is taken.
local DEFAULT_SIZE, MAX_SIZE = 100, 500

local FILTER_FIELDS = { Domain = "domain", CompanyName = "companyName" }

local M = {}

--- The id of the customer at a place of the list.
local function id_of(place)
  return ("%08d-0000-4000-8000-000000000000"):format(place)
end

local function place_of(id)
  return tonumber(id:match "^(%d+)%-0000%-4000%-8000%-000000000000$")
end

local function describe(id, number)
  return {
    id = id,
    companyProfile = {
      tenantId = id,
      domain = ("customer%s.onmicrosoft.com"):format(number),
      companyName = "Customer " .. number,
    },
    relationshipToPartner = "reseller",
  }
end

--- Whether a customer has this id: one of the list, or any unless unknown ones are refused.
function M.exists(service, id)
  local place = place_of(id)
  return service.settings.unknown_customers or place ~= nil and place >= 1 and place <= service.settings.customers
end

--- GET: one customer.
function M.get(_, id)
  return { status = 200, body = json.encode(describe(id, place_of(id) or id:sub(1, 8))) }
end

--- The filter of the request as a function of a customer; nil and a refusal when it is malformed.
local function read_filter(text)
  if not text then
    return function() return true end
  end
  local filter = json.decode(text)
  local field = type(filter) == "table" and FILTER_FIELDS[filter.Field]
  if not field or type(filter.Value) ~= "string" or filter.Operator ~= "starts_with" then
    return nil, refusal.new(400, "InvalidFilter",
      "The filter must be {\"Field\": \"Domain\" or \"CompanyName\", \"Value\": ..., \"Operator\": \"starts_with\"}.")
  end
  local prefix = filter.Value:lower()
  return function(customer)
    return customer.companyProfile[field]:lower():sub(1, #prefix) == prefix
  end
end

--- A continuation token is the place behind the last customer shown, and the filter in force.
local function encode_token(place, filter)
  return ("%d.%s"):format(place, filter and filter:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end) or "")
end

local function decode_token(token)
  local place, filter = (token or ""):match "^(%d+)%.(%x*)$"
  if not place then
    return nil
  end
  filter = filter:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
  return tonumber(place), filter ~= "" and filter or nil
end

--- Where the page begins, and its filter.
local function read_start(request)
  if not request.parameters.seekOperation then
    return 0, request.parameters.filter
  elseif request.parameters.seekOperation ~= "Next" then
    return nil
  end
  return decode_token(request.headers["ms-continuationtoken"])
end

local function link(uri, token)
  return {
    uri = uri,
    method = "GET",
    headers = token and { { key = "MS-ContinuationToken", value = token } } or nil,
  }
end

--- GET: a page of the list.
function M.list(service, _, request)
  local size = tonumber(request.parameters.size or DEFAULT_SIZE)
  if not size or size % 1 ~= 0 or size < 1 or size > MAX_SIZE then
    return refusal.new(400, "InvalidSize", ("The size must be a whole number from 1 to %d."):format(MAX_SIZE))
  end
  local start, text = read_start(request)
  if not start then
    return refusal.new(400, "InvalidContinuation", "seekOperation=Next needs the MS-ContinuationToken of the page before.")
  end
  local matches, refused = read_filter(text)
  if not matches then
    return refused
  end

  local items, total, more = {}, 0, nil
  for place = 1, service.settings.customers do
    local customer = describe(id_of(place), place)
    if matches(customer) then
      total = total + 1
      if place > start and #items < size then
        items[#items + 1] = customer
        start = place
      elseif place > start then
        more = true
      end
    end
  end
  local links = { self = link(("/customers?size=%d"):format(size)) }
  if more then
    links.next = link(("/customers?size=%d&seekOperation=Next"):format(size), encode_token(start, text))
  end
  local body = json.encode { totalCount = total, links = links, items = #items > 0 and items or "EMPTY" }
  return { status = 200, body = (body:gsub('"EMPTY"', "[]")) }
end

return M
