-- SPDX-License-Identifier: MIT
--- The qualifications of the sandbox's customers: what an update must look like, that it cannot be
--- undone, and how it is vetted.

local cjson = require "cjson.safe"
local refusal = require "partnercenter.sandbox.refusal"

local json = cjson.new()

--- By value: the name, and whether a partner can set it.
local ENUMERATION = {
  [0] = { name = "None" },
  { name = "Education", may_be_set = true },
  { name = "Nonprofit" },
  { name = "GovernmentCommunityCloud", may_be_set = true, needs_code = true },
  { name = "StateOwnedEntity", may_be_set = true },
}

local FIELDS = { qualification = true, educationSegment = true, website = true, validationCode = true }
local SEGMENTS = { K12 = true, HigherEducation = true }

--- A website that begins so is denied.
local DENIED_WEBSITE = "denied."

--- Why: the service's own words for Education, and the sandbox's for the others.
local DENIED_REASONS = {
  Education = "Not an Education Customer",
  GovernmentCommunityCloud = "Not a Government Customer",
  StateOwnedEntity = "Not a State Owned Entity",
}

local function bad(description)
  return nil, refusal.new(400, "InvalidInput", description)
end

local function by_name(name)
  for value = 0, #ENUMERATION do
    if ENUMERATION[value].name:lower() == tostring(name):lower() then
      return ENUMERATION[value]
    end
  end
end

--- The update that a body in one of the two documented forms asks for.
local function read_body(body)
  local value = json.decode(body)
  if type(value) == "number" then
    return { qualification = ENUMERATION[value] }
  elseif type(value) ~= "table" then
    return bad "The body must be a qualification object or the integer of one."
  end
  for name, field in pairs(value) do
    if not FIELDS[name] then
      return bad(("The field %s is unknown."):format(tostring(name)))
    elseif type(field) ~= "string" then
      return bad(("The field %s must be a string."):format(name))
    end
  end
  return {
    qualification = by_name(value.qualification),
    segment = value.educationSegment,
    website = value.website,
    code = value.validationCode,
    is_object = true,
  }
end

local function read_update(request)
  local update, refused = read_body(request.body)
  if not update then
    return nil, refused
  elseif not update.qualification then
    return bad "The qualification is unknown."
  elseif not update.qualification.may_be_set then
    return bad(("The qualification %s cannot be set by a partner."):format(update.qualification.name))
  elseif update.segment and not SEGMENTS[update.segment] then
    return bad "The educationSegment must be K12 or HigherEducation."
  elseif update.is_object and update.code ~= request.parameters.code then
    return bad "The validation code must be the same in the body and in the query."
  elseif update.qualification.needs_code and (request.parameters.code or "") == "" then
    return bad(("The qualification %s needs a validation code."):format(update.qualification.name))
  end
  return update
end

--- The status of a qualification now, and the reason where it was denied.
local function vetting(entry, now, vetting_time)
  if now - entry.begun < vetting_time then
    return "InReview"
  elseif entry.website and entry.website:lower():sub(1, #DENIED_WEBSITE) == DENIED_WEBSITE then
    return "Denied", DENIED_REASONS[entry.name]
  end
  return "Approved"
end

local function timestamp(time, fraction)
  return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(time)) .. fraction .. "Z"
end

--- The qualification that stands, or is being vetted: it can never be changed. One that was denied
--- does not count, and neither does it keep the partner from asking again.
local function standing(entries, now, vetting_time)
  for _, entry in ipairs(entries) do
    if vetting(entry, now, vetting_time) ~= "Denied" then
      return entry
    end
  end
end

local function remove_named(entries, name)
  for i = #entries, 1, -1 do
    if entries[i].name == name then
      table.remove(entries, i)
    end
  end
end

local function conflict(current, wanted)
  local description = current == wanted
    and ("The customer already has the qualification %s."):format(current)
    or ("The customer has the qualification %s, which cannot be changed to %s."):format(current, wanted)
  return refusal.new(409, "QualificationConflict", description, { current })
end

local M = {}

--- Records the update that the request asks for, or refuses it. `begun` is when its vetting began.
local function record(service, id, request, update, begun)
  local name = update.qualification.name
  local entries = service.granted[id] or {}
  local current = standing(entries, request.now, service.settings.vetting_time)
  if current then
    return conflict(current.name, name)
  end
  remove_named(entries, name)
  table.insert(entries, { name = name, website = update.website, begun = begun, time = request.time })
  service.granted[id] = entries
end

--- POST: begins the vetting of a qualification.
---@param service table
---@param id string the customer's
---@param request table
---@return table answer
function M.update(service, id, request)
  local update, refused = read_update(request)
  if not update then
    return refused
  end
  return record(service, id, request, update, request.now) or {
    status = 201,
    body = json.encode {
      qualification = update.qualification.name,
      vettingStatus = "InReview",
      vettingCreateDate = timestamp(request.time, ""),
    },
  }
end

--- PUT: sets a qualification that is decided at once. It knows the integer form only.
function M.update_now(service, id, request)
  local update, refused = read_update(request)
  if not update then
    return refused
  elseif update.is_object then
    return select(2, bad "The body must be the integer of a qualification.")
  end
  return record(service, id, request, update, -math.huge) or {
    status = 200,
    body = json.encode(update.qualification.name:lower()),
  }
end

--- GET: the qualification that was granted, "none" where there is none.
function M.get(service, id, request)
  local name = "none"
  for _, entry in ipairs(service.granted[id] or {}) do
    if vetting(entry, request.now, service.settings.vetting_time) == "Approved" then
      name = entry.name:lower()
    end
  end
  return { status = 200, body = json.encode(name) }
end

--- GET: what the customer has, and how far the vetting is.
function M.list(service, id, request)
  local list = {}
  for i, entry in ipairs(service.granted[id] or {}) do
    local status, reason = vetting(entry, request.now, service.settings.vetting_time)
    list[i] = {
      qualification = entry.name,
      vettingStatus = status,
      vettingReason = reason,
      vettingCreatedDate = timestamp(entry.time, (".%03d"):format(math.floor(entry.time * 1000 % 1000))),
    }
  end
  return { status = 200, body = #list > 0 and json.encode(list) or "[]" }
end

return M
