-- SPDX-License-Identifier: MIT
--- Made-up items for the specs of runs, and what has become of them at a sandbox.

local M = {}

--- The n-th customer.
function M.customer(n)
  return ("00000000-0000-4000-8000-%012x"):format(n)
end

--- The n-th item.
function M.item(n)
  return { customer_id = M.customer(n), qualification = "Education", education_segment = "K12", note = { n = n } }
end

function M.array(count)
  local items = {}
  for n = 1, count do
    items[n] = M.item(n)
  end
  return items
end

--- The items one after the other, as an iterator.
function M.iterator(count)
  local n = 0
  return function()
    n = n + 1
    return n <= count and M.item(n) or nil
  end
end

--- The counts of a run's summary, in the order of README.
function M.counts(summary)
  return { summary.total, summary.succeeded, summary.failed, summary.skipped, summary.denied }
end

--- The updates that have arrived at a sandbox: an array of customer's id and request id.
function M.updates(server)
  local updates = {}
  for _, request in ipairs(server:requests()) do
    local customer = request.method == "POST" and request.path:match "/customers/([^/]+)/qualifications$"
    if customer then
      updates[#updates + 1] = { customer = customer, request_id = request.headers["MS-RequestId"], body = request.body }
    end
  end
  return updates
end

return M
