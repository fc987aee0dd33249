-- SPDX-License-Identifier: MIT
--- An item of a run's source: whose qualification is to be set, and to what.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"

local M = {}

--- The fields of an item that are sent, beside its customer and its qualification.
M.SENT = { "validation_code", "education_segment", "website" }

local function bad_input(position, message)
  return core.error { category = "bad_input", message = ("item %d: %s"):format(position, message) }
end

--- Something to do.
---@class partnercenter.Unit
---@field item table as the source gave it
---@field position integer in the source, from 1 on
---@field customer_id string the GUID as we write it
---@field qualification string as the enumeration spells it
---@field request_id string? where it must be a certain one
---@field is_repeated boolean? an earlier request for it may have had its effect
---@field lapses integer? of the journal's hold, when it was taken

--- The error of an item whose metatable, which is the script's, raised: that is bad data too.
---@param raised any
---@return partnercenter.Error `bad_input`
function M.unreadable(position, raised)
  return bad_input(position, "it raised when it was read: " .. callback.text_of(raised))
end

--- What a programming mistake has raised, without where, and of a field in the place of an argument or an option.
local function of_field(raised)
  return (tostring(raised):gsub("^[^:]+:%d+: ", ""):gsub("^bad %a+ '([%w_]+)' %((.*)%)$", "%1: %2"))
end

--- What is wrong with the arguments of an update, in the words of the update itself.
local function problem_of(handle, ...)
  local ok, raised, err = pcall(handle.prepare, handle, "update_qualification", ...)
  return ok and err.message or of_field(raised)
end

--- Reads an item as far as a run has to know it. Raises what its metatable raises.
---@param handle userdata the core's client
---@param item any
---@param position integer
---@return partnercenter.Unit? unit
---@return partnercenter.Error? err `bad_input`
function M.read(handle, item, position)
  if type(item) ~= "table" then
    return nil, bad_input(position, "an item must be a table, not a " .. type(item))
  end
  local id, name = item.customer_id, item.qualification
  local customer_id, qualification = core.customer_id(id), core.qualification_name(name)
  if not customer_id or not qualification then
    return nil, bad_input(position, problem_of(handle, id, name))
  end
  return { item = item, position = position, customer_id = customer_id, qualification = qualification }
end

--- What the calls of a run send.
---@class partnercenter.Sent
---@field options table of the call, filled anew for each item
---@field is_filled boolean the item was read without raising

---@param values table the options of the run
---@return partnercenter.Sent
function M.sent(values)
  return {
    options = { timeout = values.timeout, deadline = values.deadline, max_retries = values.max_retries },
    is_filled = false,
  }
end

local function prepare(handle, unit, sent)
  local options, item = sent.options, unit.item
  sent.is_filled = false
  options.request_id = unit.request_id
  for i = 1, #M.SENT do
    local name = M.SENT[i]
    options[name] = item[name]
  end
  sent.is_filled = true
  return handle:prepare("update_qualification", unit.customer_id, unit.qualification, options)
end

--- The core's call for it.
---@param handle userdata the core's client
---@param unit partnercenter.Unit
---@param sent partnercenter.Sent
---@return userdata? call
---@return partnercenter.Error? err `bad_input`
function M.prepare(handle, unit, sent)
  local ok, call, err = pcall(prepare, handle, unit, sent)
  if ok and call then
    return call
  elseif not ok and not sent.is_filled then
    return nil, M.unreadable(unit.position, call)
  end
  return nil, bad_input(unit.position, ok and err.message or of_field(call)) -- or else a wrong type
end

return M
