-- SPDX-License-Identifier: MIT
--- What holds for whatever a server answers.

local core = require "partnercenter.core"
local customers = require "partnercenter.customers"
local vetting = require "partnercenter.vetting"

local is_category = is_category -- luacheck: read_globals is_category

local client = core.client { access_token = "token" }

--- Calls `visit` with each string that can be reached, keys too.
local function each_string(value, visit)
  if type(value) == "string" then
    visit(value)
  elseif type(value) == "table" then
    for name, each in pairs(value) do
      each_string(name, visit)
      each_string(each, visit)
    end
  end
end

local function is_whole(value)
  return math.type(value) == "integer"
end

local function check_error(err, secrets)
  assert(is_category(err.category), err.category)
  assert(type(err.message) == "string" and err.message ~= "")
  assert(type(err.retryable) == "boolean" and is_whole(err.attempts))
  assert(err.status == nil or is_whole(err.status))
  assert(err.retry_after == nil or err.retry_after >= 0 and err.retry_after < math.huge)
  assert(err.body == nil or type(err.body) == "string" and #err.body <= 4096)
  assert(not tostring(err):find "%c", "a line break in the line of an error")
  assert(tostring(err):find(err.category, 1, true) == 1)
  each_string({ err, tostring(err) }, function(text)
    for _, secret in ipairs(secrets) do
      assert(not text:find(secret, 1, true), "a secret is shown")
    end
  end)
end

local function check_qualification(object)
  assert(type(object.qualification) == "string" and object.qualification ~= "")
  vetting.is_decided(object)
end

local function check_objects(list)
  for i = 1, #list do
    assert(type(list[i]) == "table")
  end
end

--- The loop over the customers goes through a page to its end, whatever its link says.
local function check_page(page)
  check_objects(page.items)
  local pages, turns = 0, 0
  local function perform()
    pages = pages + 1
    if pages == 1 then
      return page
    end
    return nil, core.error { category = "network", message = "no more" }
  end
  local function prepare(query, token)
    return client:prepare("customers_page", query, token)
  end
  for customer, err in customers.iterate(true, nil, perform, prepare) do
    turns = turns + 1
    assert(customer and type(customer) == "table" or is_category(err.category))
  end
  assert(turns >= #page.items and turns <= #page.items + 1 and pages <= 2)
end

local shapes = {
  update_qualification = check_qualification,
  update_qualification_sync = check_qualification,
  get_qualification = check_qualification,
  get_qualifications = function(list)
    check_objects(list)
    for _, each in ipairs(list) do
      check_qualification(each)
    end
    vetting.find(list)
    vetting.find(list, "Education")
  end,
  get_validation_codes = check_objects,
  customers_page = check_page,
}

return function(operation, secrets, result, err, meta)
  if meta then
    assert(is_whole(meta.attempts) and meta.elapsed == 1)
    assert(type(meta.request_id) == "string")
  end
  if result == nil then
    return check_error(err, secrets)
  end
  assert(type(result) == "table" and err == nil)
  if shapes[operation] then
    shapes[operation](result)
  end
end
