-- SPDX-License-Identifier: MIT
--- Access tokens of a sandbox, as its authority gives them, for the specs that are not about how a
--- client gets its token.

local cjson = require "cjson.safe"
local http = require "socket.http"
local ltn12 = require "ltn12"

local M = {}

--- The fields of a form that asks for a token, from the sandbox's client_options.
local FORMS = {
  user = function(options)
    return {
      grant_type = "refresh_token", resource = options.base_url, client_id = options.client_id,
      client_secret = options.client_secret, refresh_token = options.refresh_token, scope = "openid",
    }
  end,
  app = function(options)
    return {
      grant_type = "client_credentials", resource = "https://graph.windows.net", client_id = options.client_id,
      client_secret = options.client_secret,
    }
  end,
}

local function escape(text)
  return (text:gsub("[^%w._~-]", function(character) return ("%%%02X"):format(character:byte()) end))
end

--- The fields of a form that asks for a token: of the app and its user, or of the `app` alone.
function M.form(server, kind)
  return FORMS[kind or "user"](server:client_options())
end

function M.encode(form)
  local fields = {}
  for name, value in pairs(form) do
    fields[#fields + 1] = escape(name) .. "=" .. escape(value)
  end
  return table.concat(fields, "&")
end

--- The fields of a form that was sent.
---@return table<string, string>
function M.decode(body)
  local form = {}
  for name, value in body:gmatch "([^&=]*)=([^&]*)" do
    form[name] = value:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  end
  return form
end

--- Sends a request with luasocket.
---@param url string
---@param method string
---@param headers table<string, string>
---@param body? string
---@return integer status
---@return any answer the JSON of the body, decoded
---@return table<string, string> headers
function M.send(url, method, headers, body)
  local parts = {}
  headers["content-length"] = body and tostring(#body)
  local _, status, answered = http.request {
    url = url, method = method, headers = headers, source = ltn12.source.string(body or ""),
    sink = ltn12.sink.table(parts), redirect = false,
  }
  return status, cjson.decode(table.concat(parts)), answered
end

--- Posts a form to the sandbox's authority.
---@param server partnercenter.Sandbox
---@param form table<string, string>
---@param endpoint? string "token" unless it says otherwise
---@return integer status
---@return any answer
function M.post(server, form, endpoint)
  local url = ("%s/%s/oauth2/%s"):format(server:login_url(), server:client_options().tenant_id, endpoint or "token")
  return M.send(url, "POST", { ["content-type"] = "application/x-www-form-urlencoded" }, M.encode(form))
end

--- A new access token: of the app and its user, or of the `app` alone.
---@param server partnercenter.Sandbox
---@param kind? "app"
---@return string
function M.token(server, kind)
  local status, answer = M.post(server, M.form(server, kind))
  assert(status == 200, status)
  return answer.access_token
end

--- Options for a client that has its token already.
function M.options(server)
  return { base_url = server:base_url(), access_token = M.token(server), allow_insecure_http = true }
end

local function is_for_token(request)
  return request.path:find("/oauth2/", 1, true) ~= nil
end

local function requests_where(server, are_for_tokens)
  local requests = {}
  for _, request in ipairs(server:requests()) do
    if is_for_token(request) == are_for_tokens then
      requests[#requests + 1] = request
    end
  end
  return requests
end

--- The requests that have arrived at the service: those for a token are left out.
function M.service_requests(server)
  return requests_where(server, false)
end

--- The requests for a token that have arrived.
function M.token_requests(server)
  return requests_where(server, true)
end

--- The sandbox's client_options with changes; `false` leaves one out.
function M.credentials(server, changes)
  local options = server:client_options()
  for name, value in pairs(changes or {}) do
    options[name] = value
    if value == false then
      options[name] = nil
    end
  end
  return options
end

return M
