-- SPDX-License-Identifier: MIT
--- The portal's endpoint: JSON in, JSON out. nginx.conf says where it is reached.

local cjson = require "cjson.safe"
local portal_client = require "portal.client"

local json = cjson.new()

--- What the visitor is answered, by the category of the error. What is wrong between the portal and
--- Partner Center is not the visitor's fault: a 502, also where Partner Center refuses the portal's own token.
local STATUS_OF = {
  bad_input = 400,
  forbidden = 403,
  not_found = 404,
  already_exists = 409,
  too_many_requests = 429,
  callback = 500,
  unauthorized = 502,
  invalid_operation = 502,
  unsupported_data_format = 502,
  server_error = 502,
  network = 502,
  tls = 502,
  response_parsing = 502,
  server_busy = 503,
  unavailable = 503,
  cancelled = 503,
  request_timeout = 504,
  gateway_timeout = 504,
  timeout = 504,
}

--- How long to wait after a 429 or 503 where the service has not said it, in seconds.
local RETRY_AFTER = 10

--- What the visitor learns of an error. Not its `body`: that may be anybody's HTML.
local SHOWN = { "category", "message", "retryable", "code", "attempts", "request_id", "correlation_id", "retry_after" }

--- The fields of an update, and the types they may have.
local FIELDS = {
  qualification = "string",
  education_segment = "string",
  website = "string",
  validation_code = "string or number",
  request_id = "string", -- of the visitor's, who sends an update whose answer was lost again with the same one
}

local function answer(status, body)
  ngx.status = status
  ngx.header.content_type = "application/json"
  ngx.header.cache_control = "no-store"
  ngx.print(body)
end

--- Answers with an error of the library, or one of our own that looks the same.
local function fail(err, status)
  local shown = {}
  for _, name in ipairs(SHOWN) do
    shown[name] = err[name]
  end
  status = status or STATUS_OF[err.category] or 500
  if status == 429 or status == 503 then
    ngx.header.retry_after = math.ceil(err.retry_after or RETRY_AFTER)
  end
  if status >= 500 then
    ngx.log(ngx.ERR, tostring(err))
  end
  answer(status, json.encode(shown))
end

local function refuse(status, category, message)
  fail({ category = category, message = message, retryable = false, attempts = 0 }, status)
end

--- What is wrong with a field of the body; nil when it can be given to the library, which checks the rest.
local function problem_of(name, value)
  local types = FIELDS[name]
  if not types then
    return ("the field %s is unknown (known: qualification, education_segment, website, validation_code, request_id)")
      :format(tostring(name))
  elseif not types:find(type(value), 1, true) then
    return ("%s must be a %s"):format(name, types)
  end
end

--- The fields of the body, a null as if it were not there.
---@return table? fields
---@return string? problem
local function read_fields()
  ngx.req.read_body()
  local value = json.decode(ngx.req.get_body_data() or "")
  if type(value) ~= "table" or value[1] ~= nil then
    return nil, "the body must be a JSON object"
  end
  local fields = {}
  for name, field in pairs(value) do
    local problem = field ~= cjson.null and problem_of(name, field)
    if problem then
      return nil, problem
    end
    fields[name] = field ~= cjson.null and field or nil
  end
  return fields, not fields.qualification and "qualification is missing" or nil
end

local function is_json()
  return (ngx.var.content_type or ""):lower():find "^application/json%f[;%s%z]" ~= nil
end

--- Another site's page can make a visitor's browser send a form or plain text here, with the visitor's
--- password, but not JSON: for that the browser first asks this server whether it may, and is not told so.
--- Hence the check of the Content-Type, and no Access-Control-... header anywhere.
local function update(client, customer_id)
  if not is_json() then
    return refuse(415, "unsupported_data_format", "the Content-Type must be application/json")
  end
  local fields, problem = read_fields()
  if problem then
    return refuse(400, "bad_input", problem)
  end
  local qualification, err, meta = client:update_qualification(customer_id, fields.qualification, {
    education_segment = fields.education_segment,
    website = fields.website,
    validation_code = fields.validation_code,
    request_id = fields.request_id,
  })
  if not qualification then
    return fail(err)
  end
  ngx.header["MS-RequestId"] = meta.request_id
  answer(201, json.encode(qualification))
end

local function list(client, customer_id)
  local qualifications, err, meta = client:get_qualifications(customer_id)
  if not qualifications then
    return fail(err)
  end
  ngx.header["MS-RequestId"] = meta.request_id
  answer(200, #qualifications > 0 and json.encode(qualifications) or "[]")
end

local HANDLERS = { GET = list, POST = update }

local M = {}

--- GET: the customer's qualifications. POST: sets one.
---@param customer_id string as it is in the path
function M.qualifications(customer_id)
  local handle = HANDLERS[ngx.req.get_method()]
  if not handle then
    ngx.header.allow = "GET, POST"
    return refuse(405, "invalid_operation", "only GET and POST are possible here")
  end
  local client = portal_client.get()
  if not client then
    return refuse(503, "unavailable", "the portal has no credentials for Partner Center: the error log of nginx says more")
  end
  handle(client, customer_id)
end

return M
