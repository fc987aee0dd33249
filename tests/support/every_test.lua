-- SPDX-License-Identifier: MIT
--- What holds for every test, whatever it is about: it leaves nothing behind, and no secret is shown. Named to busted
--- as its --helper.

local busted = require "busted"
local leftovers = require "tests.support.leftovers"
local shown_secrets = require "tests.support.shown_secrets"

shown_secrets.watch()
leftovers.watch()

--- Whether something that was made for all of a group's tests may be there.
local function has_fixture(group)
  for _, kind in ipairs { "strict_setup", "lazy_setup" } do
    if group[kind] and #group[kind] > 0 then
      return true
    end
  end
  local above = busted.parent(group)
  return above ~= nil and has_fixture(above)
end

local function name_of(element)
  local above = busted.parent(element)
  local name = above and above.name and name_of(above)
  return name and name .. " " .. element.name or element.name
end

--- Raises where there is something to complain of.
local function complain(element, verb, things)
  if #things > 0 then
    error(("%s %s %s"):format(name_of(element), verb, table.concat(things, "; ")), 0)
  end
end

local test

busted.subscribe({ "test", "start" }, function(element)
  test = element
end)

busted.subscribe({ "test", "end" }, function() -- while what it has started is still there
  shown_secrets.look_at_processes()
  shown_secrets.look_at_journals()
end)

busted.after_each(function()
  if not has_fixture(busted.parent(test)) then
    complain(test, "has left", leftovers.take())
  end
end)

busted.after_each(function()
  complain(test, "was wrong:", shown_secrets.take())
end)

for _, kind in ipairs { "describe", "file" } do
  busted.subscribe({ kind, "end" }, function(group)
    local above = busted.parent(group)
    if not (above and has_fixture(above)) then
      complain(group, "has left", leftovers.take())
    end
    complain(group, "was wrong:", shown_secrets.take()) -- behind the end of its fixture
  end)
end
