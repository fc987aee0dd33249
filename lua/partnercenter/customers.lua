-- SPDX-License-Identifier: MIT
--- Walks the pages of the list of customers.

local core = require "partnercenter.core"

local M = {}

--- The only header of a link that is sent on: a link is the service's, the request is ours.
local CONTINUATION_HEADER = "ms-continuationtoken"

--- The options of each page but the first, which alone has the request id that was given.
function M.options_of_next(options)
  if not options or rawget(options, "request_id") == nil then
    return options
  end
  local copy = {}
  for name, value in next, options do
    copy[name] = value
  end
  copy.request_id = nil
  return copy
end

--- The query and the continuation token of the link to the next page; nil on the last one.
local function link_of(page)
  local link = type(page.links) == "table" and page.links.next
  if type(link) ~= "table" or type(link.uri) ~= "string" then
    return nil
  end
  local query = link.uri:match "%?(.*)$" or ""
  for _, header in ipairs(type(link.headers) == "table" and link.headers or {}) do
    if type(header) == "table" and type(header.key) == "string" and type(header.value) == "string"
      and header.key:lower() == CONTINUATION_HEADER then
      return query, header.value
    end
  end
  return query
end

--- The call that fetches the page behind this one: nil when there is none, nil and an error when
--- the link cannot be used.
local function prepare_next(page, previous, prepare)
  local query, token = link_of(page)
  if not query then
    return nil
  elseif previous.query == query and previous.token == token then
    return nil, core.error { category = "response_parsing", message = "the link to the next page leads to the same page" }
  end
  previous.query, previous.token = query, token
  local call, err = prepare(query, token)
  if not call then
    return nil, core.error { category = "response_parsing", message = err.message }
  end
  return call
end

--- Makes the iterator. A page is fetched when the one before it is used up.
---@param call userdata? the prepared call of the first page
---@param err partnercenter.Error? why there is none
---@param perform fun(call: userdata): table?, partnercenter.Error?
---@param prepare fun(query: string, token: string?): userdata?, partnercenter.Error?
function M.iterate(call, err, perform, prepare)
  local items, position, link, is_asking = {}, 0, {}, false
  return function()
    if is_asking then
      error("the iterator waits for a page, or was interrupted while it did", 2)
    end
    while position == #items and call do
      local asked = call
      call, is_asking = nil, true -- also where a hook raises while it waits
      local page
      page, err = perform(asked)
      is_asking, items, position = false, {}, 0
      if page then
        items = page.items
        call, err = prepare_next(page, link, prepare)
      end
    end
    if position < #items then
      position = position + 1
      return items[position]
    elseif err then
      local last = err
      err = nil
      return false, last
    end
  end
end

return M
