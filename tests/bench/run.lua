-- SPDX-License-Identifier: MIT
--- run.lua: see tests/bench/run, which runs it.

local cases = require "tests.bench.cases"
local measure = require "tests.bench.measure"
local report = require "tests.bench.report"
local servers = require "tests.support.servers"
local upstream = require "tests.bench.upstream"

local ROUNDS = 9

--- With --quick: the rounds at the most, and the share of the calls.
local QUICK_ROUNDS, QUICK_SHARE = 3, 0.5

local settings = {}

do
  local i = 1
  while arg[i] do
    if arg[i] == "--quick" then
      settings.quick = true
    elseif arg[i] == "--only" and arg[i + 1] then
      i = i + 1
      settings.only = arg[i]
    else
      io.stderr:write("usage: tests/bench/run [--quick] [--only WORDS|WORDS...]\n")
      os.exit(2)
    end
    i = i + 1
  end
end

--- Whether --only, whose alternatives are divided by a bar, has chosen what has this title.
local function is_chosen(title)
  for words in (settings.only or ""):gmatch "[^|]+" do
    if title:find(words, 1, true) then
      return true
    end
  end
  return not settings.only
end

--- The lines of a request's head in an order that is the same for all, without the random ids.
local function comparable(head)
  local lines = {}
  for line in head:gsub("(MS%-%a+Id: )[%x-]+", "%1"):gmatch "[^\r\n]+" do
    lines[#lines + 1] = line
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

--- The raw program has to send what we send, but for the order of the headers.
local function check_same_request(ca_file)
  local server = servers.raw()
  for _, name in ipairs { "raw", "sequence" } do
    measure.once {
      command = cases.CONTESTANTS[name].command, calls = 1, at_once = 1, more = "", quantity = "elapsed",
      url = server.url "chunked", ca_file = ca_file,
    }
  end
  local heads = server.requests()
  server.stop()
  local raw, ours = comparable(heads[1].head), comparable(heads[2].head)
  assert(raw == ours, "raw.c does not send what we send:\n" .. raw .. "\n" .. ours)
end

--- Whether a contestant is there, and can do what the group asks.
local function takes_part(contestant, group, protocol)
  if contestant.only and not contestant.only:find(protocol, 1, true) or contestant.in_sequence and group.at_once > 1 then
    return false
  end
  if contestant.is_there == nil then
    contestant.is_there = not contestant.needs or (os.execute(contestant.needs .. " > /dev/null 2>&1")) == true
    if not contestant.is_there then
      print(("%s is left out: it is not installed"):format(contestant.name))
    end
  end
  return contestant.is_there
end

--- Makes a row of the table of cases what measure.once takes.
local function prepare(row, group, protocol, server)
  local contestant = cases.CONTESTANTS[row[1]]
  local share = (contestant.effort or 1) * (settings.quick and group.quantity == "cpu" and QUICK_SHARE or 1)
  local calls, base = row.calls or group.calls, row.base or group.base
  return {
    name = contestant.name, command = contestant.command, quantity = group.quantity,
    more = contestant.more and contestant.more[protocol] or "",
    at_once = row.at_once or group.at_once,
    calls = base and base + math.ceil((calls - base) * share) or calls, base = base,
    url = server.url(group.delay or 0), ca_file = server.ca_file,
    bar = type(row.bar) == "table" and row.bar[protocol] or row.bar, values = {}, compared = {},
  }
end

--- Measures a group with one protocol: all cases alternately, in rounds.
---@return table[] results the reference first
local function measure_group(group, protocol, server)
  local list = {}
  if type(group.reference) == "string" then
    list[1] = prepare({ group.reference }, group, protocol, server)
  end
  for _, row in ipairs(group) do
    if takes_part(cases.CONTESTANTS[row[1]], group, protocol) then
      list[#list + 1] = prepare(row, group, protocol, server)
    end
  end
  local rounds = group.rounds or ROUNDS
  for round = 1, settings.quick and math.min(rounds, QUICK_ROUNDS) or rounds do
    for place, case in ipairs(list) do
      case.values[round] = measure.once(case)
      local reference = group.reference
      if type(reference) == "string" then
        reference = place > 1 and list[1].values[round]
      end
      if reference then
        case.compared[round] = group.difference and case.values[round] - reference or case.values[round] / reference
      end
    end
  end
  return list
end

local failed = 0
local rows = {}
for _, protocol in ipairs(upstream.ORDER) do
  local server = upstream.start(protocol)
  local ok, err = pcall(function()
    check_same_request(server.ca_file)
    for _, group in ipairs(cases.GROUPS) do
      local title = ("%s, %s"):format(group.name, upstream.PROTOCOLS[protocol].name)
      if group.protocols[protocol] and is_chosen(title) then
        for _, case in ipairs(measure_group(group, protocol, server)) do
          rows[#rows + 1] = report.row(group, protocol, case)
          failed = failed + (rows[#rows].is_missed and 1 or 0)
        end
      end
    end
  end)
  server.stop()
  assert(ok, err)
end
report.write(rows)
print(("\n%d bars are missed. The table is in build/bench/result.md, the plot in build/bench/result.svg"):format(failed))
os.exit(failed == 0)
