-- SPDX-License-Identifier: MIT
--- What can be done about customers that have failed or were denied.

local M = {}

local AGAIN = "Run the same command again, later: it tries again what has failed."
local SUPPORT = "Run the same command again. Where it stays so, ask Microsoft's support, with the request id."

--- By the category of the error.
local BY_CATEGORY = {
  bad_input = "The service refuses these data: correct the line in the CSV file, and run it again.",
  unauthorized = "The credentials were not good: partnercenter login, then run the same command again.",
  forbidden = "The user who logged in may not do this: it takes an admin agent, a relation to the customer, and "
    .. "credentials of app and user.",
  not_found = "There is no such customer of yours: check the Microsoft ID.",
  already_exists = "The customer has a qualification, which cannot be changed: partnercenter get shows it.",
  invalid_operation = SUPPORT,
  unsupported_data_format = SUPPORT,
  response_parsing = SUPPORT,
  server_error = SUPPORT,
  request_timeout = AGAIN,
  too_many_requests = "The service had too much to do. " .. AGAIN,
  server_busy = "The service had too much to do. " .. AGAIN,
  gateway_timeout = AGAIN,
  timeout = "It may have taken effect. " .. AGAIN,
  network = "It may have taken effect. " .. AGAIN,
  cancelled = "It may have taken effect. " .. AGAIN,
  tls = "The connection cannot be trusted: look at the proxy and the certificates of this machine.",
}

M.DENIED = "Microsoft says no. Check with the customer what they are, and the website that was sent."
M.SENDING = "Being sent, or left in the middle when the run ended: run the same command again. Each takes effect once."
M.VETTING = "Microsoft has not decided. bulk with --wait follows it."

--- What a state means, beyond its name; nil where that is all.
---@param run partnercenter.RunReport
---@return string?
function M.of_state(run, state)
  if state == "succeeded" and run.in_review > 0 then
    return ("%d of them were still in review: Microsoft may yet deny them."):format(run.in_review)
  end
  return ({ denied = M.DENIED, vetting = M.VETTING, sending = M.SENDING })[state]
end

--- What can be done about a failure.
---@param category string?
---@return string
function M.of(category)
  return BY_CATEGORY[category] or AGAIN
end

return M
