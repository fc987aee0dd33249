-- SPDX-License-Identifier: MIT
--- What the sandbox does with a request. It runs in a Lua state of its own, behind the HTTP
--- server; what it is given and what it gives are strings and tables of strings.

local authority = require "partnercenter.sandbox.authority"
local cjson = require "cjson.safe"
local customers = require "partnercenter.sandbox.customers"
local fault = require "partnercenter.sandbox.fault"
local parameters = require "partnercenter.sandbox.parameters"
local qualifications = require "partnercenter.sandbox.qualifications"
local refusal = require "partnercenter.sandbox.refusal"
local throttle = require "partnercenter.sandbox.throttle"
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

--- The first whose path matches holds. What a path captures is a customer's id. `needs_user` is the
--- method that a token of the app alone does not allow.
local ROUTES = {
  { path = "^/v1/customers/all/validations$", GET = validations.codes },
  { path = "^/v1/customers/([^/]+)/qualifications$", POST = qualifications.update, GET = qualifications.list,
    needs_user = "POST" },
  { path = "^/v1/customers/([^/]+)/qualification$", PUT = qualifications.update_now, GET = qualifications.get,
    needs_user = "PUT" },
  { path = "^/v1/customers/([^/]+)/validationStatus$", GET = validations.status, needs_user = "GET" },
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

--- The route of a path, and the id of the customer in it; nil where there is none.
local function route_of(path)
  for _, route in ipairs(ROUTES) do
    local match = path:match(route.path)
    if match then
      return route, match ~= path and match or nil
    end
  end
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

--- Refuses what no request may look like, whatever it asks for; nil when it may pass.
local function check_form(request)
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

--- Refuses a request whose token does not allow it; nil when it may pass.
function Service:check_token(request)
  local token = (request.headers.authorization or ""):match "^Bearer (.+)$"
  local kind = token and self.authority:kind_of(token, request.now)
  if not kind then
    return refusal.new(401, "Unauthorized", "The bearer token is missing, unknown or expired.")
  elseif kind ~= "user" and request.route and request.route.needs_user == request.method then
    return refusal.new(403, "Forbidden", "The request needs App+User credentials: the token is of the app alone.")
  end
end

function Service:check_customer(id)
  if not id:find(GUID) then
    return refusal.new(400, "InvalidCustomerId", "The customer id must be a GUID.")
  elseif not customers.exists(self, id:lower()) then
    return refusal.new(404, "CustomerNotFound", ("There is no customer %s."):format(id:lower()))
  end
end

function Service:perform(request)
  if not request.route then
    return refusal.new(404, "NotFound", ("There is nothing at %s."):format(request.path))
  end
  local id, handler = request.customer_id, request.route[request.method]
  if not handler then
    return refusal.new(405, "MethodNotAllowed", ("%s is not allowed on %s."):format(request.method, request.path))
  end
  return id and self:check_customer(id) or handler(self, id and id:lower(), request)
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
  local answer = self:perform(request)
  if request.method ~= "GET" and answer.status < 300 then
    self.answered[id] = { fingerprint = fingerprint, answer = answer }
  end
  return answer
end

--- The answer of the part that the request is for.
function Service:route(request)
  if request.is_for_authority then
    return self.authority:answer(request)
  end
  request.route, request.customer_id = route_of(request.path)
  return self.throttle:refuse(request.now) or self:check_token(request) or check_form(request)
    or self:answer_once(request)
end

--- Answers one request.
---@param request table `{ method, uri, headers, body, is_too_large, now, time }`: `now` is monotonic, `time` is since
--- the epoch, both in seconds
---@return table answer `{ status, headers, body, delay }`; `delay` in seconds
function Service:answer(request)
  request.path, request.query = request.uri:match "^([^?]*)%??(.*)$"
  request.parameters = parameters.of_query(request.query)
  request.is_for_authority = authority.serves(request.path)
  request.sent_headers = request.headers
  request.headers = lower_names(request.headers)
  self:remember(request)

  local rule = fault.take(self.faults, request)
  local answer = rule and fault.answer(rule, request) or self:route(request)
  return {
    status = answer.status,
    headers = answer_headers(request, answer.headers or {}),
    body = answer.body,
    delay = self.settings.latency + (rule and rule.delay or 0),
  }
end

--- An object that came as JSON.
local function read_object(text, name)
  local value = json.decode(text)
  if type(value) ~= "table" then
    error(("bad argument '%s' (JSON object expected)"):format(name), 0)
  end
  return value
end

--- Adds a rule for the next answers. JSON in, JSON out, like the other control.
function Service:fail(rule)
  table.insert(self.faults, read_object(rule, "rule"))
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

local CONTROLS = { fail = Service.fail, requests = Service.requests }

--- What the script asks of its sandbox.
function Service:control(name, argument)
  local control = CONTROLS[name]
  if not control then
    error("bad argument 'name' (fail or requests expected)", 0)
  end
  return control(self, argument)
end

local M = {}

---@param settings string JSON: the options of the sandbox, and what its authority knows
function M.new(settings)
  settings = read_object(settings, "settings")
  return setmetatable({
    settings = settings,
    authority = authority.new(settings),
    throttle = throttle.new(settings.rate_limit),
    granted = {},   -- customer id -> array of qualifications, oldest first
    answered = {},  -- request id -> the request and the answer it got
    faults = {},
    log = {},
    received = 0,
  }, Service)
end

return M
