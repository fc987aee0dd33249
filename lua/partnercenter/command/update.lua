-- SPDX-License-Identifier: MIT
--- `partnercenter update`: one customer's qualification. An update that has left is waited for, whatever
--- comes: its effect cannot be unsent. One that has not is not sent after a signal.

local call = require "partnercenter.command.call"
local get = require "partnercenter.command.get"
local output = require "partnercenter.command.output"
local signals = require "partnercenter.command.signals"
local status = require "partnercenter.command.status"
local wind_up = require "partnercenter.command.wind_up"

local M = {}

local function tell_of_signal()
  output.say "Waiting for the answer, if the request has left. Once more ends at once."
end

local function send(client, values)
  local qualification = tonumber(values.qualification) or values.qualification
  local update = client:start("update_qualification", values.customer, qualification, {
    education_segment = values.segment, website = values.website, validation_code = values.code,
  })
  return signals.wait(client, update, tell_of_signal, function()
    if signals.caught() then
      wind_up(update)
    end
  end)
end

--- Waits for the decision. A signal ends the wait.
local function follow(client, values, sent)
  if not sent.vettingStatus or sent.vettingStatus == "InReview" then
    output.say(("%s is in review. Waiting for the decision: Ctrl-C ends the wait, and leaves the update as it is.")
      :format(sent.qualification))
  end
  return signals.wait(client, client:start("wait_for_vetting", values.customer, {
    qualification = sent.qualification, interval = values.interval, max_interval = math.max(3600, values.interval),
  }))
end

local function hint(values)
  output.say(("To see what has become of it: partnercenter get %s"):format(values.customer))
end

---@param values table
---@param out partnercenter.Output
---@return integer status
function M.run(values, out)
  return call.with_client(function(client)
    local result, err = send(client, values)
    if result and values.wait and not signals.caught() then
      local sent = result
      result, err = follow(client, values, sent)
    end
    if not result then
      local ended = call.fail(err)
      if signals.caught() or err.category == "timeout" or err.category == "network" then
        hint(values)
      end
      return signals.caught() and status.INTERRUPTED or ended
    end
    out:rows(get.COLUMNS, { result })
    if signals.caught() then
      hint(values)
      return status.INTERRUPTED
    end
    return result.vettingStatus == "Denied" and status.FAILED or status.DONE
  end)
end

return M
