-- SPDX-License-Identifier: MIT
--- The error answers of the token authority, in Entra ID's form.

local cjson = require "cjson.safe"
local random = require "partnercenter.sandbox.random"

local json = cjson.new()

local M = {}

--- By name: the status, Entra ID's name and number of the error, and the text, in which `%s` is
--- filled in.
local REFUSALS = {
  unknown_tenant = {
    status = 400, error = "invalid_request", number = 90002,
    text = "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the "
      .. "correct cloud.",
  },
  not_a_post = {
    status = 405, error = "invalid_request", number = 900561,
    text = "The endpoint only accepts POST requests. Received a %s request.",
  },
  not_a_form = {
    status = 400, error = "invalid_request", number = 90023,
    text = "The Content-Type must be application/x-www-form-urlencoded.",
  },
  too_large = {
    status = 413, error = "invalid_request", number = 90023,
    text = "The request is larger than a megabyte.",
  },
  missing = {
    status = 400, error = "invalid_request", number = 900144,
    text = "The request body must contain the following parameter: '%s'.",
  },
  unsupported_grant = {
    status = 400, error = "unsupported_grant_type", number = 70003,
    text = "The app requested an unsupported grant type '%s'.",
  },
  wrong_client_id = {
    status = 400, error = "unauthorized_client", number = 700016,
    text = "Application with identifier '%s' was not found in the directory. This can happen if the "
      .. "application has not been installed by the administrator of the tenant.",
  },
  wrong_client_secret = {
    status = 401, error = "invalid_client", number = 7000215,
    text = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
      .. "value, not the client secret ID.",
  },
  wrong_resource = {
    status = 400, error = "invalid_resource", number = 500011,
    text = "The resource principal named %s was not found in the tenant.",
  },
  wrong_scope = {
    status = 400, error = "invalid_scope", number = 70011,
    text = "The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.",
  },
  wrong_refresh_token = {
    status = 400, error = "invalid_grant", number = 70000,
    text = "The provided value for the input parameter 'refresh_token' is not valid.",
  },
  wrong_code = {
    status = 400, error = "invalid_grant", number = 70000,
    text = "The provided value for the input parameter 'code' is not valid.",
  },
  used_code = {
    status = 400, error = "invalid_grant", number = 54005,
    text = "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
  },
  expired_code = {
    status = 400, error = "expired_token", number = 70020,
    text = "The provided value for the input parameter 'code' is not valid. This device code has expired.",
  },
  pending = {
    status = 400, error = "authorization_pending", number = 70016,
    text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
  },
  told = {
    status = 503, error = "temporarily_unavailable", number = 90033,
    text = "A transient error has occurred: the sandbox was told to fail with %s.",
  },
}

---@param name string which refusal
---@param time number seconds since the epoch
---@param detail? string what the text names
---@return table answer
function M.new(name, time, detail)
  local row = REFUSALS[name]
  local trace_id, correlation_id = random.guid(), random.guid()
  local timestamp = os.date("!%Y-%m-%d %H:%M:%SZ", math.floor(time))
  local text = row.text:gsub("%%s", function() return detail end)
  return {
    status = row.status,
    body = json.encode {
      error = row.error,
      error_description = ("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s")
        :format(row.number, text, trace_id, correlation_id, timestamp),
      error_codes = { row.number },
      timestamp = timestamp,
      trace_id = trace_id,
      correlation_id = correlation_id,
    },
  }
end

return M
