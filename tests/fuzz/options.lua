-- SPDX-License-Identifier: MIT
--- Any options and arguments end as a client or a call, as an error of ours, or as a raised message
--- that says what is wrong; and what is refused is not sent. The input is a program for a small
--- machine: each value is a byte for its type and what that takes.

local partnercenter = require "partnercenter"

local is_category, begun = is_category, begun -- luacheck: read_globals is_category begun

local CLIENT_OPTIONS = {
  "cloud", "base_url", "login_url", "tenant_id", "client_id", "client_secret", "refresh_token", "on_refresh_token",
  "access_token", "token_cache", "timeout", "connect_timeout", "deadline", "max_retries", "max_retry_after",
  "max_connections", "http2", "locale", "application_name", "user_agent", "ca_file", "proxy", "allow_insecure_http",
  "max_response_size", "on_event",
}
local CALL_OPTIONS = {
  "request_id", "correlation_id", "timeout", "deadline", "max_retries", "validation_code", "education_segment",
  "website", "body", "page_size", "filter", "field", "value", "qualification", "interval", "max_interval", "on_poll",
  "concurrency", "on_result", "on_progress", "wait", "wait_timeout", "customer_id",
}
local METHODS = {
  "update_qualification", "get_qualifications", "update_qualification_sync", "get_qualification", "get_validation_codes",
  "get_validation_status", "get_customer", "customers", "wait_for_vetting", "update_qualifications", "start",
}
local TEXTS = {
  "", " ", "token", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "{3F2504E0-4F89-41D3-9A0C-0305E82C3301}", "Education",
  "GovernmentCommunityCloud", "StateOwnedEntity", "None", "K12", "HigherEducation", "object", "integer", "example.edu",
  "http://127.0.0.1:9", "https://api.partnercenter.microsoft.com", "global", "usgov", "Domain", "CompanyName",
  "update_qualification", "/dev/null", "/etc/passwd",
}
local NUMBERS = {
  0, 1, 2, 3, 4, -1, 0.5, 1e-9, 30, 65535, 65536, 2073600, 2073601, 2 ^ 31, 2 ^ 53, 2 ^ 53 + 2, 2 ^ 63, 1e308, -1e308,
  math.huge, -math.huge, 0 / 0, math.maxinteger, math.mininteger,
}

local function nothing() end

local function raises()
  error "no"
end

--- The values that a byte chooses from; those behind `reader` read on.
local make = {}

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  self.position = self.position + 1
  return self.bytes:byte(self.position) or 0
end

function Reader:value(depth)
  local kind = self:byte() % #make + 1
  return make[kind](self, depth or 0)
end

function Reader:choice(list)
  return list[self:byte() % #list + 1]
end

function Reader:table(names, depth)
  local result = {}
  for _ = 1, self:byte() % 6 do
    local key = self:byte()
    local name = names[key]
    if key == 255 then
      name = self:value(depth + 1)
    end
    if name ~= nil and name == name and name ~= "journal" then -- (which would write files)
      result[name] = self:value(depth + 1)
    end
  end
  return result
end

make[1] = function() return nil end
make[2] = function(self) return self:byte() % 2 == 0 end
make[3] = function(self) return self:choice(NUMBERS) end
make[4] = function(self) return self:choice(TEXTS) end
make[5] = function(self)
  local length = self:byte()
  local text = self.bytes:sub(self.position + 1, self.position + length)
  self.position = self.position + length
  return text
end
make[6] = function(self, depth) return depth < 4 and self:table(CALL_OPTIONS, depth) or {} end
make[7] = function() return nothing end
make[8] = function() return raises end
make[9] = function(self)
  local token, seconds = self:choice(TEXTS), self:choice(NUMBERS)
  return function() return token, seconds end
end
make[10] = function() return io.stdout end
make[11] = function() return coroutine.create(nothing) end
make[12] = function(self, depth)
  local list = {}
  for i = 1, depth < 3 and self:byte() % 4 or 0 do
    list[i] = self:value(depth + 1)
  end
  return list
end
make[13] = function(self)
  local kept = {}
  return { get = function(_, key) return kept[key] end, set = self:byte() % 2 == 0 and nothing or raises }
end

local function check_error(err)
  assert(is_category(err.category), tostring(err.category))
  assert(type(err.message) == "string" and type(err.retryable) == "boolean" and math.type(err.attempts) == "integer")
  assert(not tostring(err):find "%c", "a control character in the line of an error")
end

--- What is raised is a message of ours: one that names what is wrong.
local function check_raised(message)
  assert(type(message) == "string", "it raised a " .. type(message))
  for _, form in ipairs { "bad option", "unknown option", "bad argument", "the client is closed", "cannot be started" } do
    if message:find(form, 1, true) then
      return
    end
  end
  error("it raised: " .. message, 0)
end

local function check_outcome(sent_before, ok, result, err)
  if not ok then
    check_raised(result)
    assert(begun() == sent_before, "something was sent of a call that raised")
  elseif result == nil then
    check_error(err)
    assert(err.category ~= "bad_input" or err.attempts == 0)
  end
end

--- `wait_for_vetting` and bulk runs that wait would do so for real: they are begun, and cancelled.
local function perform(client, method, ...)
  local before = begun()
  if method == "customers" then
    local ok, each = pcall(client.customers, client, (...))
    check_outcome(before, ok, ok and {} or each)
    for customer, err in ok and each or nothing do
      assert(customer == false)
      check_error(err)
    end
  elseif method == "wait_for_vetting" or method == "update_qualifications" or method == "start" then
    local name = method ~= "start" and method or nil
    local ok, call
    if name then
      ok, call = pcall(client.start, client, name, ...)
    else
      ok, call = pcall(client.start, client, ...)
    end
    if ok then
      call:cancel()
      check_outcome(before, pcall(call.result, call))
    else
      check_outcome(before, ok, call)
    end
  else
    check_outcome(before, pcall(client[method], client, ...))
  end
end

return function(bytes)
  local reader = setmetatable({ bytes = bytes, position = 0 }, Reader)
  local options
  if reader:byte() % 8 == 0 then
    options = reader:value()
  else
    options = reader:table(CLIENT_OPTIONS, 0)
    if reader:byte() % 2 == 0 then
      options.access_token = options.access_token or "token"
    end
  end
  local ok, client, err = pcall(partnercenter.new, options)
  check_outcome(begun(), ok, client, err)
  if not ok or not client then
    return
  end
  for _ = 1, reader:byte() % 4 do
    perform(client, reader:choice(METHODS), reader:value(), reader:value(), reader:value(), reader:value())
  end
  client:close()
  client:close()
end
