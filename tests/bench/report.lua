-- SPDX-License-Identifier: MIT
--- The results of the benchmark as lines on the terminal, a Markdown table and a plot.

local files = require "tests.support.files"
local measure = require "tests.bench.measure"
local upstream = require "tests.bench.upstream"

local M = {}

local TABLE, PLOT, DATA = "build/bench/result.md", "build/bench/result.svg", "build/bench/result.dat"

--- A row of the report, which is also shown at once.
---@param group table of cases.lua
---@param case table with `values` and `compared`, a number a round
---@return table row
function M.row(group, protocol, case)
  local unit = measure.QUANTITIES[case.quantity].unit
  local row = {
    group = group, protocol = protocol, name = case.name, median = measure.quantile(case.values, 0.5),
    value = "", compared = "", spread = "", bar = "", verdict = "",
  }
  row.value = ("%.1f %s"):format(row.median, unit)
  if #case.compared > 0 then
    local format = group.difference and "%.2f " .. unit or "%.3f"
    row.comparison = measure.quantile(case.compared, 0.5)
    row.compared = format:format(row.comparison)
    row.spread = ("%.3f to %.3f"):format(measure.quantile(case.compared, 0.25), measure.quantile(case.compared, 0.75))
    if case.bar then
      row.is_missed = row.comparison > case.bar
      row.bar, row.verdict = ("%g"):format(case.bar), row.is_missed and "**missed**" or "reached"
    end
  end
  if group ~= M.last_group or protocol ~= M.last_protocol then
    print(("\n%s, %s"):format(group.name, upstream.PROTOCOLS[protocol].name))
    M.last_group, M.last_protocol = group, protocol
  end
  print(("  %-28s %16s %12s  %-16s %5s %s"):format(row.name, row.value, row.compared, row.spread, row.bar, row.verdict))
  return row
end

local function table_of(rows)
  local lines = {
    "| | | | to the reference | quartiles | bar | |",
    "|---|---|---|---|---|---|---|",
  }
  local seen = {}
  for _, first in ipairs(rows) do
    local group = first.group
    if not seen[group] then
      seen[group] = true
      lines[#lines + 1] = ("| **%s** | | | | | | |"):format(group.name)
      for _, row in ipairs(rows) do
        if row.group == group then
          lines[#lines + 1] = "| " .. table.concat({
            upstream.PROTOCOLS[row.protocol].name, row.name, row.value, row.compared, row.spread, row.bar, row.verdict,
          }, " | ") .. " |"
        end
      end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- A block of gnuplot's for a group: a line for each contestant, a column for each protocol.
local function block(rows, group)
  local names, values = {}, {}
  for _, row in ipairs(rows) do
    if row.group == group then
      if not values[row.name] then
        names[#names + 1], values[row.name] = row.name, {}
      end
      values[row.name][row.protocol] = row.median
    end
  end
  local lines = { "name plain tls http2" }
  for _, name in ipairs(names) do
    local line = { ('"%s"'):format(name:gsub("`", "")) }
    for _, protocol in ipairs(upstream.ORDER) do
      line[#line + 1] = values[name][protocol] and ("%.2f"):format(values[name][protocol]) or "NaN"
    end
    lines[#lines + 1] = table.concat(line, " ")
  end
  return table.concat(lines, "\n") .. "\n\n\n"
end

local PANEL = [[
set title "CPU time for a call, %s (microseconds)" noenhanced
plot for [i=2:4] "%s" index %d using i:xtic(1) title word("%s", i - 1) with histogram
]]

local function plot(rows)
  local groups, seen = {}, {}
  for _, row in ipairs(rows) do
    if row.group.plot and not seen[row.group] then
      groups[#groups + 1], seen[row.group] = row.group, true
    end
  end
  if #groups == 0 then
    return
  end
  local titles = {}
  for i, protocol in ipairs(upstream.ORDER) do
    titles[i] = ("'%s'"):format(upstream.PROTOCOLS[protocol].name)
  end
  local data, script = "", ([[
set terminal svg size 1000,%d background "white"
set output "%s"
set multiplot layout %d,1
set style data histogram
set style fill solid 0.8 border
set xtics rotate by -20 noenhanced
set yrange [0:*]
set grid ytics
]]):format(420 * #groups, PLOT, #groups)
  for i, group in ipairs(groups) do
    data = data .. block(rows, group)
    script = script .. PANEL:format(group.name, DATA, i - 1, table.concat(titles, " "))
  end
  files.write(DATA, data)
  files.write("build/bench/result.gnuplot", script)
  assert(os.execute "gnuplot build/bench/result.gnuplot", "gnuplot failed")
end

function M.write(rows)
  files.write(TABLE, table_of(rows))
  plot(rows)
end

return M
