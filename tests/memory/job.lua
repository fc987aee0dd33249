-- SPDX-License-Identifier: MIT
--- The jobs during which memory runs out, and what has to work when there is memory again. `remember`
--- is told the secrets that come up.

local core = require "partnercenter.core"
local partnercenter = require "partnercenter"

local remember = remember -- luacheck: read_globals remember

local PROXY_PASSWORD = "the-password-of-a-proxy"

local M, id, client = {}, core.new_guid(), nil
local started = {} -- calls

--- A result, or an error that ends the job.
local function take(result, err)
  if not result then
    error(err, 0)
  end
  return result
end

local function options_of(reach)
  local options = {}
  for name, value in pairs(reach) do
    options[name] = value
  end
  options.max_retries, options.deadline = 0, 10
  options.application_name = "memory"
  options.on_event = function() end
  options.on_refresh_token = remember
  local cached
  options.token_cache = {
    get = function() return cached end,
    set = function(_, _, value)
      cached = value
      remember(value:match " (.+)$")
    end,
  }
  return options
end

--- Makes the options, while there is memory.
function M.prepare(reach)
  M.options = options_of(reach)
  M.folder = os.tmpname()
  os.remove(M.folder)
  remember(PROXY_PASSWORD)
  remember(reach.client_secret)
  remember(reach.refresh_token)
end

--- What every script does.
function M.direct()
  client = take(partnercenter.new(M.options))
  take(client:update_qualification(id, "Education", { education_segment = "K12", website = "example.edu" }))
  started[1] = client:start("get_qualifications", id)
  take(started[1]:result())
  for customer, err in client:customers { page_size = 2 } do
    take(customer, err)
  end
  local refused, err = client:update_qualification(id, "GovernmentCommunityCloud", { validation_code = "0" })
  if not refused and not tostring(err):find "^bad_input" and not tostring(err):find "^already_exists" then
    error(err, 0)
  end
  client:close()
end

--- The same with a thread of the client's own.
function M.threaded()
  client = take(partnercenter.new(M.options))
  client:pollfd()
  started[1] = client:start("update_qualification", id, "Education", { website = "example.edu" })
  started[2] = client:start("get_validation_codes")
  started[3] = client:start("get_customer", id)
  for i = 1, 3 do
    take(started[i]:result())
  end
  client:process()
  client:close()
end

--- Three items, whose customers begin with these digits.
local function three(digits)
  local items = {}
  for digit in digits:gmatch "." do
    items[#items + 1] = { customer_id = (id:gsub("^.", digit)), qualification = "Education", website = "x.edu" }
  end
  return items
end

--- Items without a journal, in a run that is waited for and in one that was started.
function M.bulk()
  client = take(partnercenter.new(M.options))
  local options = { concurrency = 2, on_result = function(_, result, err) take(result, err) end }
  local summary = take(client:update_qualifications(three "123", options))
  started[1] = client:start("update_qualifications", three "456", options)
  if summary.succeeded ~= 3 or take(started[1]:result()).succeeded ~= 3 then
    error("the run lost an item", 0)
  end
  client:close()
end

--- A client that is made for a proxy, and closed.
function M.proxied()
  local options = {}
  for name, value in pairs(M.options) do
    options[name] = value
  end
  options.proxy = ("http://name:%s@127.0.0.1:9"):format(PROXY_PASSWORD)
  take(partnercenter.new(options)):close()
end

--- Secrets in a file, for the user alone.
function M.kept()
  local path, text = M.folder .. "/kept", PROXY_PASSWORD .. ("\n"):rep(5000)
  local function check(value, problem)
    return value or error(problem, 0)
  end
  check(core.write_private(path, text))
  if check(core.read_private(path)) ~= text then
    error("the file has changed", 0)
  end
end

--- A call that works, or does when it is made again: connections may have broken when memory ran out.
local function works(make)
  local result, err = make()
  for _ = 1, 5 do
    if result or not err.retryable then
      break
    end
    result, err = make()
  end
  take(result, err)
end

--- A call that was started ends, and not only at its deadline, with a token that nobody gave it.
local function ends(call)
  local _, _, err = pcall(call.result, call)
  if type(err) == "table" and tostring(err):find("waited for an access token", 1, true) then
    error(err, 0)
  end
end

--- There is memory again: a client that was made can be used, closed, and closed again; and what was
--- started ends.
function M.after()
  if client then
    if client.core:is_open() then
      works(function() return client:get_qualification(id) end)
      works(function() return client:start("get_customer", id):result() end)
      for i = 1, #started do
        ends(started[i])
      end
    end
    client:close()
    client:close()
  end
  os.remove(M.folder .. "/kept")
  os.remove(M.folder)
end

--- Whether an error holds the answer to be bad: there was nothing wrong with any, but where libcurl has no memory for
--- a header it is too large.
local function blames_answer(err)
  return err.category == "response_parsing" and not err.message:find("the headers of the answer are larger", 1, true)
end

--- Whether what was raised says that there is no memory, or is an error of ours.
function M.is_clean(raised)
  return type(raised) == "table" and type(raised.category) == "string" and tostring(raised) ~= ""
    and not blames_answer(raised)
    or type(raised) == "string" and (raised:find "not enough memory" or raised:find "Cannot allocate memory"
      or raised:find "Memory allocation error in CJSON") ~= nil
end

return M
