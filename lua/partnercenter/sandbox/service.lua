-- SPDX-License-Identifier: MIT
--- What the sandbox does with a request. It runs in a Lua state of its own, behind the HTTP
--- server; what it is given and what it gives are strings and tables of strings.

local cjson = require "cjson.safe"
local customers = require "partnercenter.sandbox.customers"
local fault = require "partnercenter.sandbox.fault"
local qualifications = require "partnercenter.sandbox.qualifications"
local refusal = require "partnercenter.sandbox.refusal"
local validations = require "partnercenter.sandbox.validations"

local json = cjson.new()

--- How many requests `requests()` remembers.
local REMEMBERED_REQUESTS = 10000

local GUID = "^" .. ("00000000-0000-0000-0000-000000000000"):gsub("%-", "%%-"):gsub("0", "%%x") .. "$"

--- What each request must bring. The body's type is checked where there is a body.
local REQUIRED_HEADERS = {
  { name = "accept", pattern = "^application/json$", status = 406, wants = "application/json" },
  { name = "ms-requestid", pattern = GUID, status = 400, wants = "a GUID" },
  { name = "ms-correlationid", pattern = GUID, status = 400, wants = "a GUID" },
  { name = "ms-contract-version", pattern = "^v1$", status = 400, wants = "v1" },
  { name = "x-locale", pattern = "^%a+[%w%-]*$", status = 400, wants = "a locale such as en-US" },
  { name = "ms-partnercenter-client", pattern = "%S", status = 400, wants = "the name of the client" },
}

--- The first whose path matches holds. What a path captures is a customer's id.
local ROUTES = {
  { path = "^/v1/customers/all/validations$", GET = validations.codes },
  { path = "^/v1/customers/([^/]+)/qualifications$", POST = qualifications.update, GET = qualifications.list },
  { path = "^/v1/customers/([^/]+)/qualification$", PUT = qualifications.update_now, GET = qualifications.get },
  { path = "^/v1/customers/([^/]+)/validationStatus$", GET = validations.status },
  { path = "^/v1/customers/([^/]+)$", GET = customers.get },
  { path = "^/v1/customers$", GET = customers.list },
}

local function lower_names(headers)
  local lowered = {}
  for name, value in pairs(headers) do
    lowered[name:lower()] = value
  end
  return lowered
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- The query's parameters. A `+` stays one: only forms use it for a space.
local function parameters(query)
  local values = {}
  for name, value in query:gmatch "([^&=]+)=([^&]*)" do
    values[unescape(name)] = unescape(value)
  end
  return values
end

--- The headers of an answer, in which those of a fault take the place of the usual ones.
local function answer_headers(request, given)
  local headers = {
    ["content-type"] = "application/json; charset=utf-8",
    ["ms-requestid"] = request.headers["ms-requestid"],
    ["ms-correlationid"] = request.headers["ms-correlationid"],
  }
  for name, value in pairs(lower_names(given)) do
    headers[name] = value
  end
  return headers
end

local Service = {}
Service.__index = Service

--- Keeps the request for `requests()`, in a ring.
function Service:remember(request)
  self.received = self.received + 1
  self.log[(self.received - 1) % REMEMBERED_REQUESTS + 1] = {
    method = request.method,
    path = request.path,
    query = request.query,
    headers = request.sent_headers,
    body = request.body,
    time = request.time,
  }
end

--- Refuses what the service does not let in, whatever it asks for; nil when it may pass.
function Service:check(request)
  if request.headers.authorization ~= "Bearer " .. self.settings.access_token then
    return refusal.new(401, "Unauthorized", "The bearer token is missing, unknown or expired.")
  end
  for _, header in ipairs(REQUIRED_HEADERS) do
    local value = request.headers[header.name]
    if not value or not value:find(header.pattern) then
      return refusal.new(header.status, "InvalidHeader",
        ("The header %s must be %s."):format(header.name, header.wants))
    end
  end
  if request.is_too_large then
    return refusal.new(413, "BodyTooLarge", "The body is larger than a megabyte.")
  elseif request.body ~= "" and request.method == "GET" then
    return refusal.new(400, "InvalidInput", "A GET has no body.")
  end
  if request.body ~= "" and request.headers["content-type"] ~= "application/json" then
    return refusal.new(400, "InvalidHeader", "The header content-type must be application/json.")
  end
end

function Service:check_customer(id)
  if not id:find(GUID) then
    return refusal.new(400, "InvalidCustomerId", "The customer id must be a GUID.")
  elseif not customers.exists(self, id:lower()) then
    return refusal.new(404, "CustomerNotFound", ("There is no customer %s."):format(id:lower()))
  end
end

function Service:route(request)
  for _, route in ipairs(ROUTES) do
    local match = request.path:match(route.path)
    if match then
      local id = match ~= request.path and match or nil
      local handler = route[request.method]
      if not handler then
        return refusal.new(405, "MethodNotAllowed",
          ("%s is not allowed on %s."):format(request.method, request.path))
      end
      return id and self:check_customer(id) or handler(self, id and id:lower(), request)
    end
  end
  return refusal.new(404, "NotFound", ("There is nothing at %s."):format(request.path))
end

--- A request that repeats an earlier one's id gets the earlier one's answer, and has no effect of
--- its own: that is what makes a retry safe.
function Service:answer_once(request)
  local id = request.headers["ms-requestid"]:lower()
  local fingerprint = table.concat({ request.method, request.path, request.query, request.body }, "\n")
  local earlier = self.answered[id]
  if earlier and earlier.fingerprint ~= fingerprint then
    return refusal.new(400, "RequestIdReused", "The MS-RequestId belongs to a different request.")
  elseif earlier then
    return earlier.answer
  end
  local answer = self:route(request)
  if request.method ~= "GET" and answer.status < 300 then
    self.answered[id] = { fingerprint = fingerprint, answer = answer }
  end
  return answer
end

--- Answers one request.
---@param request table `{ method, uri, headers, body, is_too_large, now, time }`: `now` is monotonic, `time` is since
--- the epoch, both in seconds
---@return table answer `{ status, headers, body, delay }`; `delay` in seconds
function Service:answer(request)
  request.path, request.query = request.uri:match "^([^?]*)%??(.*)$"
  request.parameters = parameters(request.query)
  request.sent_headers = request.headers
  request.headers = lower_names(request.headers)
  self:remember(request)

  local rule = fault.take(self.faults, request.path)
  local answer = rule and fault.answer(rule) or self:check(request) or self:answer_once(request)
  return {
    status = answer.status,
    headers = answer_headers(request, answer.headers or {}),
    body = answer.body,
    delay = self.settings.latency + (rule and rule.delay or 0),
  }
end

--- Adds a rule for the next answers. JSON in, JSON out, like the other control.
function Service:fail(rule)
  table.insert(self.faults, json.decode(rule))
  return "null"
end

--- The remembered requests, oldest first.
function Service:requests()
  local list = {}
  for i = math.max(1, self.received - REMEMBERED_REQUESTS + 1), self.received do
    list[#list + 1] = self.log[(i - 1) % REMEMBERED_REQUESTS + 1]
  end
  return #list > 0 and json.encode(list) or "[]"
end

local M = {}

---@param settings string JSON: the options of the sandbox, and the access_token it takes
function M.new(settings)
  return setmetatable({
    settings = json.decode(settings),
    granted = {},   -- customer id -> array of qualifications, oldest first
    answered = {},  -- request id -> the request and the answer it got
    faults = {},
    log = {},
    received = 0,
  }, Service)
end

return M
