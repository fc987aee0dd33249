-- SPDX-License-Identifier: MIT
--- Compares what the code offers with what README and the declarations for editors (library/) tell of it. What is
--- told nowhere and what there is no more are named, each on a line.

local surface = require "tests.support.public_surface".read()

--- Where each part is told of: in README in the first column of a table, known by its section and its head; in a row
--- of one; or by a pattern in a section. In library/ as the fields of a class, or by a pattern.
local PLACES = {
  { part = "module", pattern = "partnercenter%.([%w_]+)[`(]", class = "partnercenter" },
  { part = "option", section = "partnercenter.new", head = "option", class = "partnercenter.Options" },
  { part = "cloud", section = "partnercenter.new", row = "cloud", library = "cloud%? ([^\n]*)" },
  { part = "client", pattern = "client:([%w_]+)%f[(]", class = "partnercenter.Client" },
  { part = "update", section = "client:update_qualification(", head = "option", class = "partnercenter.UpdateOptions" },
  { part = "list", section = "client:customers", head = "option", class = "partnercenter.ListOptions" },
  { part = "filter", section = "client:customers", pattern = "{ ([%w_]+) = [^{}]*, ([%w_]+) = [^{}]*}",
    class = "partnercenter.Filter" },
  { part = "wait", section = "client:wait_for_vetting", head = "option", and_every_call = true,
    class = "partnercenter.WaitOptions" },
  { part = "call", pattern = "call:([%w_]+)%(", class = "partnercenter.Call" },
  { part = "every_call", section = "Every call", head = "option", class = "partnercenter.CallOptions" },
  { part = "meta", section = "Every call", head = "field of `meta`", class = "partnercenter.Meta" },
  { part = "item", section = "Many customers", head = "field of an item", class = "partnercenter.Item" },
  { part = "run", section = "Many customers", head = "option", class = "partnercenter.RunOptions" },
  { part = "progress", section = "Many customers", row = "on_progress", class = "partnercenter.Progress" },
  { part = "summary", section = "Many customers", head = "field of `summary`", class = "partnercenter.Summary" },
  { part = "journal", section = "The journal", pattern = "[{,] ([%w_]+) = [^{}]-%f[,}]",
    class = "partnercenter.JournalOptions" },
  { part = "category", section = "Errors", head = "category", library = "\n%-%-%-| ([^\n]*)" },
  { part = "error", section = "Errors", head = "field of an error", class = "partnercenter.Error" },
  { part = "event_type", section = "Events", head = "`event.type`", library = "%-%-%-@field type (\"request\"[^\n]*)" },
  { part = "event", section = "Events", head = "field of an event", class = "partnercenter.Event" },
  { part = "sandbox_option", section = "The sandbox", head = "option of `start`", class = "partnercenter.SandboxOptions" },
  { part = "sandbox_failure", section = "The sandbox", head = "field of `fail`", class = "partnercenter.SandboxFailure" },
  { part = "sandbox_request", section = "The sandbox", head = "field of a request", class = "partnercenter.SandboxRequest" },
  { part = "sandbox", section = "The sandbox", pattern = "sandbox:([%w_]+)", class = "partnercenter.Sandbox" },
  { part = "sandbox_module", section = "The sandbox", pattern = '"partnercenter%.sandbox"%.([%w_]+)', class = "sandbox" },
  { part = "subcommand", section = "The command", pattern = "\n| `partnercenter ([%l]+)" },
  { part = "command_option", section = "The command", pattern = "`?(%-%-%l[%l-]*)" },
  { part = "variable", section = "The command", pattern = "`(PARTNERCENTER_[%u_]+)`" },
}

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

--- The sections of a page, by their headings: "## Errors", up to the next heading.
local function sections_of(page)
  local sections, heading, is_code = {}, nil, false
  for line in page:gmatch "([^\n]*)\n" do
    is_code = is_code ~= (line:find "^```" ~= nil)
    local found = not is_code and line:match "^##+ (.*)"
    heading = found or heading
    if heading then
      sections[heading] = (sections[heading] or "") .. "\n" .. line:gsub("^ +|", "|")
    end
  end
  return sections
end

local README = read "README.md"
local SECTIONS = sections_of(README)

local function section_named(beginning)
  for heading, text in pairs(SECTIONS) do
    if heading:sub(1, #beginning) == beginning then
      return text
    end
  end
  error("README has no section " .. beginning)
end

local function add(set, text, pattern)
  for one, other in text:gmatch(pattern) do
    set[one] = true
    if other then
      set[other] = true
    end
  end
  return set
end

--- The names in the first column of the table with that head.
local function column(section, head)
  local begin = section:find("\n| " .. head .. " |", 1, true)
  assert(begin, "README has no table | " .. head .. " | where it should")
  local set = {}
  for line in section:sub(begin + 1):gmatch "([^\n]*)\n?" do
    if not line:find "^|" then
      break
    end
    if line:find "^| `" and line:sub(3, 2 + #head) ~= head then
      add(set, line:match "^|([^|]*)|", "`([%w_]+)`")
    end
  end
  return set
end

--- The names in the row of that name.
local function row(section, name)
  local line = assert(section:match("\n| `" .. name .. "` |([^\n]*)"), "README has no row for " .. name)
  return add({}, line, "`([%l_]+)`")
end

local function told_in_readme(place)
  local section = place.section and section_named(place.section) or README
  if place.head then
    return column(section, place.head)
  elseif place.row then
    return row(section, place.row)
  end
  return add({}, section, place.pattern)
end

--- The fields and methods of each class in library/, with those of the class it extends.
local function classes_of(text)
  local classes, class, variables = {}, nil, { sandbox = "sandbox" }
  classes.sandbox = {}
  for line in text:gmatch "[^\n]+" do
    local name, parent = line:match "^%-%-%-@class ([%w_.]+) ?:? ?([%w_.]*)"
    if name then
      class = { parent = parent }
      classes[name] = class
    end
    local field = line:match "^%-%-%-@field ([%w_]+)"
    if field then
      class[field] = true
    end
    local variable = line:match "^local (%w+) = {}"
    if variable and not variables[variable] then
      variables[variable] = class
    end
    local owner, method = line:match "^function (%w+)[.:]([%w_]+)"
    if owner then
      local of = variables[owner] == "sandbox" and classes.sandbox or variables[owner]
      of[method] = true
    end
  end
  return classes
end

local LIBRARY = read "library/partnercenter.lua" .. read "library/partnercenter/sandbox.lua"
local CLASSES = classes_of(LIBRARY)

local function told_in_library(place)
  local set = {}
  if place.library then
    for text in LIBRARY:gmatch(place.library) do
      add(set, text, '"([%w_]+)"')
    end
  elseif place.class then
    local class = assert(CLASSES[place.class], "library/ has no class " .. place.class)
    for name in pairs(class) do
      set[name] = name ~= "parent" or nil
    end
    if place.and_every_call then
      for name in pairs(CLASSES[class.parent]) do
        set[name] = name ~= "parent" or nil
      end
    end
  else
    return nil -- the command is no matter of an editor's
  end
  return set
end

local problems, count = {}, 0

local function compare(place, where, told)
  for name in pairs(surface[place.part]) do
    count = count + 1
    if not told[name] then
      problems[#problems + 1] = ("%s: %s is not documented (%s)"):format(where, name, place.part)
    end
  end
  for name in pairs(told) do
    if not surface[place.part][name] then
      problems[#problems + 1] = ("%s: %s is documented, and there is none (%s)"):format(where, name, place.part)
    end
  end
end

local seen = {}
for _, place in ipairs(PLACES) do
  seen[place.part] = true
  local told = told_in_readme(place)
  for name in pairs(place.and_every_call and surface.every_call or {}) do
    told[name] = true
  end
  compare(place, "README.md", told)
  told = told_in_library(place)
  if told then
    compare(place, "library/", told)
  end
end

for name in LIBRARY:gmatch "partnercenter%.(%u%w*)" do
  if not CLASSES["partnercenter." .. name] and not LIBRARY:find("@alias partnercenter." .. name .. "%f[%W]") then
    problems[#problems + 1] = ("library/: there is no type partnercenter.%s"):format(name)
  end
end
for line in LIBRARY:gmatch "%-%-%-@[^\n]*" do
  local tag = line:match "^%-%-%-@(%l+) %S"
  if not ("class field param return alias meta operator"):find("%f[%l]" .. (tag or "-") .. "%f[%L]") then
    problems[#problems + 1] = "library/: not understood: " .. line
  end
end
for part in pairs(surface) do
  assert(seen[part], "nobody looks where " .. part .. " is documented")
end

table.sort(problems)
for _, problem in ipairs(problems) do
  print(problem)
end
print(("%d names compared, %d problems"):format(count, #problems))
os.exit(#problems == 0 and 0 or 1)
