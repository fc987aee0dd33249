-- SPDX-License-Identifier: MIT
--- The token authority of the sandbox: what Entra ID is to Partner Center. It knows one tenant and
--- one app in it.

local cjson = require "cjson.safe"
local parameters = require "partnercenter.sandbox.parameters"
local random = require "partnercenter.sandbox.random"
local refusal = require "partnercenter.sandbox.authority_refusal"
local tokens = require "partnercenter.sandbox.tokens"

local json = cjson.new()

local DAY = 24 * 60 * 60

--- How long these live, in seconds.
local REFRESH_TOKEN_LIFETIME = 90 * DAY
local DEVICE_CODE_LIFETIME = 15 * 60

--- The pause that is asked for between two polls with a device code, in seconds.
local POLL_INTERVAL = 1

local FORM = "application/x-www-form-urlencoded"

local VERIFICATION_URL = "https://microsoft.com/devicelogin"
local LOGIN_MESSAGE = "To sign in, use a web browser to open the page %s and enter the code %s to authenticate. "
  .. "(The sandbox needs no browser: the second poll succeeds.)"

--- The resources that a grant is for. The sandbox may be reached under other addresses than the one
--- it knows, through a proxy for example, so any address is taken for its own.
local ANY_URL, GRAPH = "^https?://[^/%s]", "^https://graph%.windows%.net/?$"

local Authority = {}
Authority.__index = Authority

--- Nil when the device code may be exchanged for a token: at the second poll and not again.
local function refuse_code(authority, code, now)
  local login, has_expired = authority.device_codes:find(code, now)
  if not login then
    return has_expired and "expired_code" or "wrong_code"
  elseif login.is_used then
    return "used_code"
  end
  login.is_used = login.was_polled
  login.was_polled = true
  return not login.is_used and "pending" or nil
end

local function refuse_refresh_token(authority, token, now)
  if token ~= authority.settings.refresh_token and not authority.refresh_tokens:find(token, now) then
    return "wrong_refresh_token"
  end
end

--- What the endpoints accept: the parameters they need, in the order in which they are checked, the
--- resource that can be asked for, and the kind of token that comes of it. The kind `user` has the
--- rights of the app and the user, and brings a refresh token.
local GRANTS = {
  refresh_token = {
    needs = { "resource", "client_id", "client_secret", "scope", "refresh_token" },
    resource = ANY_URL,
    kind = "user",
  },
  client_credentials = {
    needs = { "resource", "client_id", "client_secret" },
    resource = GRAPH,
    kind = "app",
  },
  device_code = {
    needs = { "resource", "client_id", "code" },
    resource = ANY_URL,
    kind = "user",
  },
}
local DEVICE_LOGIN = { needs = { "resource", "client_id" }, resource = ANY_URL }

--- By parameter: which refusal its value is answered with; nil when it is good.
local REFUSE = {
  resource = function(_, value, _, grant) return not value:find(grant.resource) and "wrong_resource" end,
  client_id = function(authority, value)
    return value:lower() ~= authority.settings.client_id and "wrong_client_id"
  end,
  client_secret = function(authority, value)
    return value ~= authority.settings.client_secret and "wrong_client_secret"
  end,
  scope = function(_, value) return not (" " .. value .. " "):find(" openid ", 1, true) and "wrong_scope" end,
  refresh_token = refuse_refresh_token,
  code = refuse_code,
}

--- The refusal of a form that lacks what the grant needs, or holds what is wrong; nil when it is good.
function Authority:check(grant, form, request)
  for _, name in ipairs(grant.needs) do
    if (form[name] or "") == "" then
      return refusal.new("missing", request.time, name)
    end
  end
  for _, name in ipairs(grant.needs) do
    local problem = REFUSE[name](self, form[name], request.now, grant)
    if problem then
      return refusal.new(problem, request.time, form[name])
    end
  end
end

--- Answers with a new token.
function Authority:issue(grant, request)
  local lifetime = self.settings.token_lifetime
  return {
    status = 200,
    body = json.encode {
      token_type = "Bearer",
      expires_in = ("%d"):format(math.floor(lifetime)),
      expires_on = ("%d"):format(math.floor(request.time + lifetime)),
      access_token = self.access_tokens:issue(grant.kind, request.now),
      refresh_token = grant.kind == "user" and self.refresh_tokens:issue(true, request.now) or nil,
    },
  }
end

--- The endpoint that gives tokens.
function Authority:token(form, request)
  if (form.grant_type or "") == "" then
    return refusal.new("missing", request.time, "grant_type")
  end
  local grant = GRANTS[form.grant_type]
  if not grant then
    return refusal.new("unsupported_grant", request.time, form.grant_type)
  end
  return self:check(grant, form, request) or self:issue(grant, request)
end

--- The endpoint where the login of a person begins.
function Authority:devicecode(form, request)
  local refused = self:check(DEVICE_LOGIN, form, request)
  if refused then
    return refused
  end
  local user_code = random.user_code()
  return {
    status = 200,
    body = json.encode {
      user_code = user_code,
      device_code = self.device_codes:issue({}, request.now),
      verification_url = VERIFICATION_URL,
      interval = ("%d"):format(POLL_INTERVAL),
      expires_in = ("%d"):format(DEVICE_CODE_LIFETIME),
      message = LOGIN_MESSAGE:format(VERIFICATION_URL, user_code),
    },
  }
end

--- Answers a request to one of the endpoints.
---@param request table as the service has it
---@return table answer
function Authority:answer(request)
  local tenant_id, endpoint = request.path:match "^/([^/]+)/oauth2/(%a+)$"
  if tenant_id:lower() ~= self.settings.tenant_id then
    return refusal.new("unknown_tenant", request.time, tenant_id)
  elseif request.method ~= "POST" then
    return refusal.new("not_a_post", request.time, request.method)
  elseif request.is_too_large then
    return refusal.new("too_large", request.time)
  elseif (request.headers["content-type"] or ""):lower():match "^[^;%s]*" ~= FORM then
    return refusal.new("not_a_form", request.time)
  end
  return self[endpoint](self, parameters.of_form(request.body), request)
end

--- What the bearer of the token may do: `user` or `app`; nil when it is unknown or has expired.
---@param token string
---@param now number
---@return string? kind
function Authority:kind_of(token, now)
  return (self.access_tokens:find(token, now))
end

local M = {}

--- Whether the path is one of the authority's.
function M.serves(path)
  return path:find "^/[^/]+/oauth2/token$" ~= nil or path:find "^/[^/]+/oauth2/devicecode$" ~= nil
end

---@param settings table `tenant_id`, `client_id`, `client_secret`, `token_lifetime`, and `refresh_token`: the
--- first one, which does not expire
function M.new(settings)
  return setmetatable({
    settings = settings,
    access_tokens = tokens.new(settings.token_lifetime),
    refresh_tokens = tokens.new(REFRESH_TOKEN_LIFETIME),
    device_codes = tokens.new(DEVICE_CODE_LIFETIME),
  }, Authority)
end

return M
