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

--- Calls a function that reads of an item, whose metatable is the script's: what that raises is bad data too.
local function read_safely(position, read, ...)
  local ok, value, err = pcall(read, ...)
  if not ok then
    return nil, bad_input(position, "it raised when it was read: " .. callback.text_of(value))
  end
  return value, err
end

local function read(item, position)
  local customer_id = core.customer_id(item.customer_id)
  local qualification = core.qualification_name(item.qualification)
  if not customer_id then
    return nil, bad_input(position, "customer_id must be a GUID, like 3f2504e0-4f89-41d3-9a0c-0305e82c3301")
  elseif not qualification then
    return nil, bad_input(position,
      "qualification must be Education, GovernmentCommunityCloud or StateOwnedEntity, in any case, or its integer")
  end
  return { item = item, position = position, customer_id = customer_id, qualification = qualification }
end

--- Reads an item as far as a run has to know it.
---@param item any
---@param position integer
---@return partnercenter.Unit? unit
---@return partnercenter.Error? err `bad_input`
function M.read(item, position)
  if type(item) ~= "table" then
    return nil, bad_input(position, "an item must be a table, not a " .. type(item))
  end
  return read_safely(position, read, item, position)
end

--- The options that the calls of a run have in common: a table that is filled anew for each.
---@param values table of the run
function M.options(values)
  return { timeout = values.timeout, deadline = values.deadline, max_retries = values.max_retries }
end

local function fill(sent, unit)
  local item = unit.item
  sent.request_id = unit.request_id
  for i = 1, #M.SENT do
    local name = M.SENT[i]
    sent[name] = item[name]
  end
  return sent
end

--- The core's call for it.
---@param handle userdata the core's client
---@param unit partnercenter.Unit
---@param sent table of M.options
---@return userdata? call
---@return partnercenter.Error? err `bad_input`
function M.prepare(handle, unit, sent)
  local filled, problem = read_safely(unit.position, fill, sent, unit)
  if not filled then
    return nil, problem
  end
  local ok, call, err = pcall(handle.prepare, handle, "update_qualification", unit.customer_id, unit.qualification, sent)
  if not ok then -- a wrong type, which the rest of the run survives
    return nil, bad_input(unit.position, (tostring(call):gsub("^[^:]+:%d+: ", "")))
  elseif not call then
    return nil, bad_input(unit.position, err.message)
  end
  return call
end

return M
